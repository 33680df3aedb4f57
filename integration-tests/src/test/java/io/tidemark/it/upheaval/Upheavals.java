// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import java.util.List;
import java.util.Random;

/** Every kind of upheaval. */
public final class Upheavals {

    private static final List<Upheaval> ALL = List.of(
            new PublicationDropped(),
            new PublicationAltered(),
            new TableRenamed(),
            new RowOfAnotherTable(),
            new SlotLost(),
            new TopicMadeAnew(),
            new PartitionsAdded(),
            new RecordsDeleted(),
            new GroupReset(),
            new GroupDeleted(),
            new PostgresFailedOver());

    /** {@code -Dfaults.upheaval=SlotLost} takes one kind. */
    private static final String ONLY = System.getProperty("faults.upheaval", "");

    private Upheavals() {}

    /** @param postgresMajor decides whether a standby can have the relay's slot */
    public static Upheaval any(Random random, int postgresMajor) {
        List<Upheaval> possible = ALL.stream()
                .filter(kind -> ONLY.isEmpty() || kind.label().equals(ONLY))
                .filter(kind -> postgresMajor >= 17 || !(kind instanceof PostgresFailedOver))
                .toList();
        return possible.get(random.nextInt(possible.size()));
    }
}
