package io.tidemark.it.guarantee;

import java.util.List;

/** One promise of the contract. */
public interface Guarantee {

    /** Those that can be judged from committed and readable events. */
    List<Guarantee> ALL = List.of(
            new G1NoLoss(),
            new G2NoPhantom(),
            new G3NoDuplicate(),
            new G4OrderPerAggregate(),
            new G5OrderOfPositions());

    /** @throws AssertionError naming the events that break it */
    void check(Evidence evidence);
}
