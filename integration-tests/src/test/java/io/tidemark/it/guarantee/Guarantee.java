// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import java.util.List;

/** One guarantee of the contract. */
public interface Guarantee {

    /** The guarantees that can be checked with committed and readable events. */
    List<Guarantee> ALL = List.of(
            new G1NoLoss(),
            new G2NoPhantom(),
            new G3NoDuplicate(),
            new G4OrderPerAggregate(),
            new G5OrderOfPositions());

    /** @throws AssertionError if events break the guarantee; the message names them */
    void check(Evidence evidence);
}
