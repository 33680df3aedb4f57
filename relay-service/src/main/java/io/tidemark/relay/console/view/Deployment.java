// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.view;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All replicas as they answered at one moment.
 *
 * @param replicas the one that the browser asked comes first
 * @param atMillis when the answers were complete
 */
record Deployment(List<ReplicaReply> replicas, long atMillis) {

    Deployment {
        replicas = List.copyOf(replicas);
    }

    Optional<ReplicaReply> active() {
        return replicas.stream().filter(ReplicaReply::isActive).findFirst();
    }

    /** The replica whose view of database and projections counts: the active one, otherwise the one that was asked. */
    ReplicaReply best() {
        return active().orElse(replicas.get(0));
    }

    /** The replicas in this state, the one that was asked first. */
    Optional<ReplicaReply> inState(String state) {
        return replicas.stream()
                .filter(replica -> replica.state().equals(state))
                .findFirst();
    }

    /** The first replica that knows the projections, the active one first. */
    Optional<ReplicaReply> knowingProjections() {
        List<ReplicaReply> activeFirst = new ArrayList<>(replicas);
        activeFirst.sort((a, b) -> Boolean.compare(b.isActive(), a.isActive()));
        return activeFirst.stream()
                .filter(replica -> replica.projections().isPresent())
                .findFirst();
    }

    List<JsonNode> projections() {
        List<JsonNode> all = new ArrayList<>();
        knowingProjections()
                .flatMap(ReplicaReply::projections)
                .ifPresent(body -> body.path("projections").forEach(all::add));
        return all;
    }
}
