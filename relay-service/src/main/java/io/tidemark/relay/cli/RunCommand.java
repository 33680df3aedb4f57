// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.relay.RelayApplication;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tidemark run CONFIG}. */
@Command(name = "run", description = "Runs the relay in the foreground.")
final class RunCommand implements Callable<Integer> {

    @Parameters(paramLabel = "CONFIG", description = "The YAML file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Override
    public Integer call() throws Exception {
        BootstrapLogging.bootstrap();
        RelayConfiguration config = ConfigurationFile.read(file);
        new RelayApplication().serve(config);
        return TidemarkCli.FINE;
    }
}
