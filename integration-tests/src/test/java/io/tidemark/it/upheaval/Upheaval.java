package io.tidemark.it.upheaval;

import io.tidemark.it.harness.FaultyWorld;
import java.util.List;
import java.util.Random;

/** A change that somebody makes to what a relay depends on. Returns when the events flow again. */
public interface Upheaval {

    /** Every kind; a random run picks among them. */
    List<Upheaval> ALL = List.of(
            new PublicationDropped(),
            new PublicationAltered(),
            new TableRenamed(),
            new SlotLost(),
            new TopicMadeAnew(),
            new PartitionsAdded(),
            new GroupReset(),
            new GroupDeleted());

    /** Does it, and what a person does then. */
    void strike(FaultyWorld world, Operator operator, Random random) throws Exception;

    /** As it is printed. */
    default String label() {
        return getClass().getSimpleName();
    }
}
