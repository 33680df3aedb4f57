// SPDX-License-Identifier: Apache-2.0
package io.tidemark.consumers.internal.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.consumers.Projection;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class GenerationWatchTest {

    @Test
    void continuesAfterAnyExceptionOfThePool() throws Exception {
        CountDownLatch looks = new CountDownLatch(2);
        DataSource broken = (DataSource) Proxy.newProxyInstance(
                GenerationWatchTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                    looks.countDown();
                    throw new IllegalStateException("the pool is closed");
                });
        Projection projection = Projection.of("v", List.of("t"), (event, connection) -> {});

        try (GenerationWatch watch = new GenerationWatch(projection, broken, () -> {})) {
            watch.start();

            assertThat(looks.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(watch.trouble()).contains("the pool is closed");
        }
    }
}
