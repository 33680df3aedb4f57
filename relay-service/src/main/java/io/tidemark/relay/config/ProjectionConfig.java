// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.dropwizard.util.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A read model: one consumer group over declared topics.
 *
 * @param name used in the URL of its watermark
 * @param group the Kafka consumer group; by default the name
 * @param topics every topic it reads that can hold its events; never inferred
 * @param stalledAfter time after which a partition is stalled if it has not moved although there is something to
 *     consume
 * @param visibleAfter how long after its offsets were seen committed an effect can be read; zero if the group commits
 *     only what can be read
 */
public record ProjectionConfig(
        String name, String group, List<String> topics, Duration stalledAfter, Duration visibleAfter) {

    private static final Duration LONGEST_VISIBLE_AFTER = Duration.hours(1);

    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

    /** With effects that can be read when they are committed. */
    public ProjectionConfig(
            @Nullable String name,
            @Nullable String group,
            @Nullable List<String> topics,
            @Nullable Duration stalledAfter) {
        this(name, group, topics, stalledAfter, null);
    }

    @JsonCreator
    public ProjectionConfig(
            @Nullable String name,
            @Nullable String group,
            @Nullable List<String> topics,
            @Nullable Duration stalledAfter,
            @Nullable Duration visibleAfter) {
        this.name = Checks.required("projections.name", name);
        this.group = group == null ? this.name : group;
        if (this.group.isBlank()) {
            throw new ConfigurationProblem("projections.group of '" + name
                    + "' is empty, so no group's offsets could be asked for; write the consumer group's name, or leave the key"
                    + " out where it is the projection's");
        }
        this.stalledAfter = Checks.positive("projections.stalledAfter", stalledAfter, Duration.minutes(1));
        this.visibleAfter = visibleAfter == null ? Duration.seconds(0) : visibleAfter;
        if (this.visibleAfter.compareTo(LONGEST_VISIBLE_AFTER) > 0) {
            throw new ConfigurationProblem("projections.visibleAfter of '" + name + "' is " + this.visibleAfter
                    + ", so no question would be answered success before; it must be from 0s to "
                    + LONGEST_VISIBLE_AFTER);
        }
        this.topics =
                Checks.entries("projections.topics", topics).stream().distinct().toList();
        if (!this.name.matches(NAME)) {
            throw new ConfigurationProblem("projections.name '" + name
                    + "' cannot stand in a URL; use up to 100 letters, digits, dots, dashes and underscores");
        }
        if (this.topics.isEmpty()) {
            throw new ConfigurationProblem("projections.topics of '" + name
                    + "' is empty; list every topic the group reads, for example [outbox.order]");
        }
    }
}
