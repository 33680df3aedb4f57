// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.guarantee;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Every committed row is in Kafka, in the dead letters, or named by the audit, before it can be deleted. */
public final class G11AccountedFor {

    /**
     * @param committed ids of the committed rows
     * @param readable ids in the topics and in the dead letters
     * @param named ids that {@code tidemark audit} reports as missing
     * @param retained ids of the rows still in the table
     */
    public record Rows(List<String> committed, Set<String> readable, Set<String> named, Set<String> retained) {}

    /** @throws AssertionError if rows break the guarantee; the message names them */
    public void check(Rows rows) {
        Set<String> unnamed = new TreeSet<>(rows.committed());
        unnamed.removeAll(rows.readable());
        Set<String> deleted = new TreeSet<>(unnamed);
        deleted.removeAll(rows.retained());
        unnamed.removeAll(rows.named());

        assertThat(deleted).as("deleted and not in Kafka").isEmpty();
        assertThat(unnamed).as("neither in Kafka nor named by the audit").isEmpty();
        assertThat(rows.named()).as("named as missing and readable").doesNotContainAnyElementsOf(rows.readable());
    }
}
