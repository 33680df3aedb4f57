// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StartStagesTest {

    @Test
    void listsTheMillisecondsOfEachStageInOrder() {
        AtomicLong millis = new AtomicLong(5);
        StartStages stages = new StartStages(() -> millis.get() * 1_000_000, "topics");
        millis.addAndGet(120);
        stages.next("fence");
        millis.addAndGet(7);
        stages.next("stream");
        millis.addAndGet(300);

        assertThat(stages.end()).isEqualTo("millis=427 topics=120 fence=7 stream=300");
    }
}
