// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.Random;

/** A change by a person to something that a relay depends on. */
public interface Upheaval {

    /** Makes the change, then repairs it as a person would. Returns when events flow again. */
    void strike(FaultyWorld world, Operator operator, Random random) throws Exception;

    /** The name to print. */
    default String label() {
        return getClass().getSimpleName();
    }
}
