// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.Random;

/** A change that somebody makes to what a relay depends on. Returns when the events flow again. */
public interface Upheaval {

    /** Does it, and what a person does then. */
    void strike(FaultyWorld world, Operator operator, Random random) throws Exception;

    /** As it is printed. */
    default String label() {
        return getClass().getSimpleName();
    }
}
