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
            new SlotLost(),
            new TopicMadeAnew(),
            new PartitionsAdded(),
            new GroupReset(),
            new GroupDeleted());

    private Upheavals() {}

    public static Upheaval any(Random random) {
        return ALL.get(random.nextInt(ALL.size()));
    }
}
