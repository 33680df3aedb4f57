// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.dropwizard.logging.common.BootstrapLogging;
import io.tidemark.relay.cli.text.DeadLetterText;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.deadletter.DeadLetter;
import io.tidemark.relay.deadletter.DeadLetterDesk;
import io.tidemark.relay.deadletter.DeadLetterProblem;
import io.tidemark.relay.deadletter.DeadLetterTopic;
import io.tidemark.relay.publish.PublishFailure;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemark dead-letters list|show|retry|discard}. */
@Command(name = "dead-letters", description = "Lists, shows, publishes or discards events that could not be published.")
final class DeadLettersCommand {

    private static final String JSON = "Print JSON instead.";

    private DeadLettersCommand() {}

    @Command(name = "list", description = "Prints the dead letters of all sources in this Kafka, oldest first.")
    int list(
            @Parameters(paramLabel = "CONFIG", description = "The YAML file.") Path file,
            @Option(names = "--json", description = JSON) boolean json) {
        return answer(() -> {
            List<DeadLetter> letters = new DeadLetterTopic(config(file).kafka()).list();
            if (json) {
                ArrayNode array = JsonNodeFactory.instance.arrayNode();
                letters.forEach(letter -> array.add(DeadLetterText.summary(letter)));
                System.out.println(array);
            } else {
                letters.forEach(letter -> System.out.println(DeadLetterText.line(letter)));
                if (letters.isEmpty()) {
                    System.err.println("no dead letters");
                }
            }
        });
    }

    @Command(name = "show", description = "Prints one dead letter in full: reason, headers, payload.")
    int show(
            @Parameters(paramLabel = "ID", description = "The event's id.") String id,
            @Parameters(paramLabel = "CONFIG", description = "The YAML file.") Path file,
            @Option(names = "--json", description = JSON) boolean json) {
        return answer(() -> {
            DeadLetter letter = desk(file).find(id);
            System.out.println(json ? DeadLetterText.json(letter) : DeadLetterText.text(letter));
        });
    }

    @Command(
            name = "retry",
            description = "Publishes the event, out of order, and removes the dead letter; both in one Kafka"
                    + " transaction.")
    int retry(
            @Parameters(paramLabel = "ID", description = "The event's id.") String id,
            @Parameters(paramLabel = "CONFIG", description = "The YAML file.") Path file,
            @Option(
                            names = "--topic",
                            paramLabel = "T",
                            description = "Publish to this topic instead of the intended" + " one.")
                    @Nullable
                    String topic,
            @Option(names = "--json", description = JSON) boolean json) {
        return answer(() -> {
            String target = desk(file).retry(id, Optional.ofNullable(topic));
            System.out.println(
                    json
                            ? JsonNodeFactory.instance
                                    .objectNode()
                                    .put("id", id)
                                    .put("publishedTo", target)
                            : "event " + id + " is published to " + target);
        });
    }

    @Command(name = "discard", description = "Removes a dead letter without publishing its event.")
    int discard(
            @Option(
                            names = "--yes",
                            paramLabel = "ID",
                            required = true,
                            description = "The event's id, as a" + " confirmation.")
                    String id,
            @Parameters(paramLabel = "CONFIG", description = "The YAML file.") Path file,
            @Option(names = "--json", description = JSON) boolean json) {
        return answer(() -> {
            desk(file).discard(id);
            System.out.println(
                    json
                            ? JsonNodeFactory.instance
                                    .objectNode()
                                    .put("id", id)
                                    .put("discarded", true)
                            : "the dead letter of event " + id + " is removed");
        });
    }

    private static RelayConfiguration config(Path file) {
        BootstrapLogging.bootstrap();
        return ConfigurationFile.read(file);
    }

    private static DeadLetterDesk desk(Path file) {
        RelayConfiguration config = config(file);
        return new DeadLetterDesk(config.kafka(), config.routes());
    }

    private interface Work {
        void run() throws DeadLetterProblem, PublishFailure, InterruptedException;
    }

    private static int answer(Work work) {
        try {
            work.run();
            return TidemarkCli.FINE;
        } catch (DeadLetterProblem e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.FAILED;
        } catch (PublishFailure e) {
            System.err.println("tidemark: " + e.getMessage());
            return TidemarkCli.COULD_NOT_RUN;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return TidemarkCli.COULD_NOT_RUN;
        }
    }
}
