// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessUsageTest {

    @Test
    void readsThePeakOfTheResidentMemory() {
        String status = "Name:\tjava\nVmPeak:\t 4711000 kB\nVmHWM:\t  300000 kB\nVmRSS:\t  250000 kB\n";

        assertThat(ProcessUsage.peakResidentBytes(status)).hasValue(307_200_000);
    }

    @Test
    void returnsEmptyIfTheSystemHasNoFigure() {
        assertThat(ProcessUsage.peakResidentBytes("Name:\tkthreadd\n")).isEmpty();
        assertThat(ProcessUsage.peakResidentBytes(-1)).isEmpty();
    }
}
