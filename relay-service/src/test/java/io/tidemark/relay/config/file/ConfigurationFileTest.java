// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.config.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import io.dropwizard.logging.common.DefaultLoggingFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.tidemark.relay.config.ConfigurationProblem;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.config.LimitsConfig;
import io.tidemark.relay.config.OutboxConfig;
import io.tidemark.relay.config.ProjectionConfig;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.RouteConfig;
import io.tidemark.relay.config.TopicsConfig;
import io.tidemark.relay.config.WatermarkConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationFileTest {

    private static final String POSTGRES = "postgres: {url: 'jdbc:postgresql://db:5432/shop', user: tidemark_relay}\n";
    private static final String KAFKA = "kafka: {bootstrapServers: 'broker:9092'}\n";
    private static final String MINIMAL = POSTGRES + KAFKA;

    @TempDir
    private Path directory;

    /** Also with the connector that such a server normally needs. */
    @Test
    void refusesAServerWhoseAdminPagesAreOnThePortOfTheApi() {
        assertThatThrownBy(() -> read(MINIMAL + "server: {type: simple, connector: {type: http, port: 8080}}"))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessageContaining("server.type is simple")
                .hasMessageContaining("write applicationConnectors and adminConnectors");
    }

    /** Whatever log levels the file sets for libraries. */
    @Test
    void holdsLoggersThatPrintSecretsAtWarn() {
        RelayConfiguration config = read(MINIMAL + "logging: {level: DEBUG, loggers: {io.tidemark: TRACE}}");

        assertThat(((DefaultLoggingFactory) config.getLoggingFactory()).getLoggers())
                .containsEntry("org.eclipse.jetty", TextNode.valueOf("WARN"))
                .containsEntry("io.debezium.jdbc.JdbcConnection", TextNode.valueOf("WARN"))
                .containsEntry("io.tidemark", TextNode.valueOf("TRACE"));
    }

    @Test
    void needsPostgresAndBootstrapServersAndNothingElse() {
        RelayConfiguration config = read(MINIMAL);

        assertThat(config.postgres().slot()).isEqualTo("tidemark");
        assertThat(config.postgres().publication()).isEqualTo("tidemark");
        assertThat(config.postgres().database()).isEqualTo("shop");
        assertThat(config.postgres().readPassword()).isNull();
        assertThat(config.kafka().properties()).isEmpty();
        assertThat(config.kafka().topics()).isEqualTo(new TopicsConfig(true, 12, 3));
        assertThat(config.outbox())
                .isEqualTo(new OutboxConfig(OutboxConfig.Preset.TIDEMARK, null, null, null, Duration.hours(24)));
        assertThat(config.routes())
                .containsExactly(new RouteConfig("*", "outbox.{aggregateType}", false, RouteConfig.OnPoison.HALT));
        assertThat(config.headers()).isEqualTo(HeaderStyle.TIDEMARK);
        assertThat(config.projections()).isEmpty();
        assertThat(config.watermark()).isEqualTo(new WatermarkConfig(Duration.seconds(30), 10_000, 10_000));
        assertThat(config.limits())
                .isEqualTo(new LimitsConfig(DataSize.mebibytes(64), 10_000, System.getProperty("java.io.tmpdir")));
    }

    @Test
    void debeziumsColumnsCanBeRenamedOneByOne() {
        OutboxConfig whole = read(MINIMAL + "outbox: {preset: debezium}\n").outbox();
        OutboxConfig renamed = read(MINIMAL
                        + "outbox: {preset: debezium, table: shop.Outbox-1, columns: {eventType: kind, headers: h}}\n")
                .outbox();

        assertThat(whole.table()).isEqualTo("public.outboxevent");
        assertThat(whole.columns().byKey().values())
                .containsExactly("id", "aggregatetype", "aggregateid", "type", "payload");
        assertThat(whole.isOwn()).isFalse();
        assertThat(renamed.quotedTable()).isEqualTo("\"shop\".\"Outbox-1\"");
        assertThat(renamed.columns().byKey().values())
                .containsExactly("id", "aggregatetype", "aggregateid", "kind", "payload", "h");
    }

    @Test
    void aTableOfOnesOwnNamesItsColumns() {
        OutboxConfig outbox = read(MINIMAL + """
                outbox:
                  table: shop.events
                  columns: {id: a, aggregateType: b, aggregateId: c, eventType: d, payload: e, createdAt: f}
                """).outbox();

        assertThat(outbox.isOwn()).isFalse();
        assertThat(outbox.columns().byKey()).hasSize(6).containsEntry("createdAt", "f");
    }

    @Test
    void readsTheValuesOfTheFile() {
        RelayConfiguration config = read(POSTGRES + """
                kafka:
                  bootstrapServers: a:9092,b:9092
                  properties: {security.protocol: SSL, ssl.endpoint.identification.algorithm: "", max.block.ms: 5000}
                  topics: {autoCreate: false, partitions: 3, replicationFactor: 1}
                outbox: {preset: tidemark, retention: 36h}
                routes:
                  - {aggregateType: order, topic: orders, tombstones: true, onPoison: dead-letter}
                headers: cloudevents
                projections:
                  - {name: orders-view, topics: [orders, orders]}
                  - {name: second, group: other, topics: [outbox.order]}
                watermark: {maxWait: 5s, maxWaiters: 7}
                limits: {transactionBytes: 1MiB, batchEvents: 10}
                """);

        assertThat(config.kafka().properties())
                .containsEntry("security.protocol", "SSL")
                .containsEntry("ssl.endpoint.identification.algorithm", "")
                .containsEntry("max.block.ms", "5000");
        assertThat(config.kafka().topics()).isEqualTo(new TopicsConfig(false, 3, 1));
        assertThat(config.outbox().retention()).isEqualTo(Duration.hours(36));
        assertThat(config.routes().get(0).tombstones()).isTrue();
        assertThat(config.routes().get(0).hasDeadLetters()).isTrue();
        assertThat(config.headers()).isEqualTo(HeaderStyle.CLOUDEVENTS);
        assertThat(config.projections())
                .containsExactly(
                        new ProjectionConfig("orders-view", "orders-view", List.of("orders"), null),
                        new ProjectionConfig("second", "other", List.of("outbox.order"), null));
        assertThat(config.watermark().maxWait()).isEqualTo(Duration.seconds(5));
        assertThat(config.limits().transactionBytes()).isEqualTo(DataSize.mebibytes(1));
    }

    @Test
    void replacesVariablesByTheirDefault() {
        RelayConfiguration config = read(POSTGRES + "kafka: {bootstrapServers: '${TIDEMARK_NOT_SET:-broker:9093}'}");

        assertThat(config.kafka().bootstrapServers()).isEqualTo("broker:9093");
    }

    /** YAML would read these as values of other types, whose text differs. */
    @ParameterizedTest
    @ValueSource(strings = {"012345", "1e3", "0x1F", "1_000", "1.10", "true", "2026-01-01"})
    void aValueWithoutQuotesStaysTheTextThatItIs(String password) {
        assertThat(read(postgres("password: " + password)).postgres().password())
                .isEqualTo(password);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a # b", "a: b", "@a", "'", "{", "${OTHER}", "- x", "a\\b", "null", "\uE100\uE000"})
    void theValueOfAVariableIsOneTextWhateverIsInIt(String secret) throws IOException {
        for (String yaml : List.of("p: ${SECRET}", "p: '${SECRET}'", "p: \"${SECRET}\"", "{p: ${SECRET}, q: r}")) {
            assertThat(ConfigurationTree.read(yaml, Map.of("SECRET", secret))
                            .path("p")
                            .textValue())
                    .as(yaml)
                    .isEqualTo(secret);
        }
    }

    @Test
    void aVariableMayBePartOfAValueEmptyEscapedOrInAComment() throws IOException {
        JsonNode tree = ConfigurationTree.read("""
                # ${NOT_SET} is not looked at
                url: jdbc:postgresql://${HOST}:5432/${DB:-shop}
                escaped: a$${HOST}
                nothing: ${EMPTY:-}
                count: ${COUNT:-3}
                """, Map.of("HOST", "db", "EMPTY", ""));

        assertThat(tree)
                .hasToString(new ObjectMapper()
                        .createObjectNode()
                        .put("url", "jdbc:postgresql://db:5432/shop")
                        .put("escaped", "a${HOST}")
                        .putNull("nothing")
                        .put("count", "3")
                        .toString());
    }

    @Test
    void reportsAMissingFile() {
        Path nowhere = directory.resolve("nowhere.yml");

        assertThatThrownBy(() -> ConfigurationFile.read(nowhere))
                .isInstanceOf(ConfigurationProblem.class)
                .hasMessage("configuration file " + nowhere + " does not exist");
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                mistake(KAFKA, "postgres is missing"),
                mistake(POSTGRES, "kafka is missing; it needs bootstrapServers"),
                mistake("", "it is empty", "postgres and kafka.bootstrapServers"),
                mistake("- a\n", "the file must be a block of keys"),
                mistake("postgres: {user: u}\n" + KAFKA, "postgres.url is missing"),
                mistake(POSTGRES + "kafka: {}\n", "kafka.bootstrapServers is missing"),
                mistake(MINIMAL + "projection: []\n", "unknown key projection", "did you mean projections?"),
                mistake(MINIMAL + "headrs: tidemark\n", "unknown key headrs", "did you mean headers?"),
                mistake("postgress: {url: x}\n", "unknown key postgress", "did you mean postgres?"),
                mistake("postgres: {urll: x}\n", "unknown key postgres.urll", "did you mean url?"),
                mistake(MINIMAL + "routes: [{aggregatetype: x}]\n", "routes[0].aggregatetype", "aggregateType?"),
                mistake(MINIMAL + "limits: {batchEvent: 1}\n", "limits.batchEvent", "did you mean batchEvents?"),
                mistake(MINIMAL + "logging: {levl: INFO}\n", "logging.levl", "did you mean level?"),
                mistake(MINIMAL + "somethingElse: 1\n", "unknown key somethingElse", "known here are", "routes"),
                mistake(MINIMAL + KAFKA, "key kafka appears twice", "keep one"),
                mistake(MINIMAL + "---\nhttp: {bearerTokenFile: /t}\n", "first YAML document", "remove the line ---"),
                mistake(
                        MINIMAL
                                + "projections: [{name: a, group: &g views, topics: [x]}, {name: b, group: *g, topics: [x]}]\n",
                        "projections[1].group is an alias (*g)",
                        "write the value"),
                mistake(MINIMAL + "http: {bearerTokenFile: }\n", "http.bearerTokenFile has no value", "remove the key"),
                mistake(MINIMAL + "tokens: {secretFile: ~}\n", "tokens.secretFile has no value", "name the file"),
                mistake(POSTGRES + "kafka: {bootstrapServers: '${TIDEMARK_NOT_SET}'}\n", "TIDEMARK_NOT_SET", ":-"),
                mistake(kafka("topics: {partitions: many}"), "kafka.topics.partitions", "'many'", "a whole number"),
                mistake(kafka("topics: {partitions: 0}"), "kafka.topics.partitions is 0", "1 or more"),
                mistake(kafka("topics: {partitions: 1.5}"), "kafka.topics.partitions", "a whole number"),
                mistake(kafka("topics: {partitions: 9999999999}"), "kafka.topics.partitions is too large"),
                mistake(kafka("topics: {autoCreate: perhaps}"), "kafka.topics.autoCreate", "true or false"),
                mistake(kafka("topics: 3"), "kafka.topics must be a block of keys"),
                mistake(kafka("properties: {acks: 0, retries: 1}"), "may not set acks, retries", "remove them"),
                mistake(kafka("properties: {linger.ms: }"), "kafka.properties.linger.ms has no value"),
                mistake(
                        POSTGRES + "kafka: {bootstrapServers: [a, b]}\n",
                        "kafka.bootstrapServers must be a single text"),
                mistake(
                        "postgres: {url: 'jdbc:postgresql://db/shop', user: o'neil}\n" + KAFKA,
                        "postgres.user is \"o'neil\"",
                        "alter role \"o'neil\" rename to"),
                mistake(postgres("slot: My-Slot"), "postgres.slot 'My-Slot'", "lower-case letters"),
                mistake(postgres("password: a, passwordFile: b"), "both set; keep one"),
                mistake(
                        url("jdbc:postgresql://a,b/shop"),
                        "postgres.url names several hosts",
                        "targetServerType=primary"),
                mistake(url("jdbc:postgresql://a,b/shop?targetServerType=any"), "names several hosts"),
                mistake(url("jdbc:postgresql://db/a%2Bb"), "database 'a+b'", "alter database \"a+b\" rename to"),
                mistake(url("jdbc:postgresql://db/a%25"), "database 'a%'"),
                mistake(url("jdbc:postgresql://db/a%3Fb"), "database 'a?b'"),
                mistake(url("postgres://db/shop"), "postgres.url", "jdbc:postgresql://host:5432/database"),
                mistake(url("jdbc:postgresql://db/shop?password=x"), "postgres.url", "postgres.passwordFile"),
                mistake(MINIMAL + "outbox: {preset: debezum}\n", "outbox.preset", "one of tidemark, debezium"),
                mistake(
                        MINIMAL + "outbox: {preset: tidemark, table: public.outbox}\n",
                        "outbox.table, outbox.columns and outbox.additionalHeaders cannot be chosen"),
                mistake(
                        MINIMAL + "outbox: {preset: debezium, retention: 24h}\n",
                        "outbox.retention is for the outbox that tidemark init makes",
                        "public.outboxevent"),
                mistake(
                        MINIMAL + "outbox: {preset: debezium, table: outbox}\n",
                        "outbox.table 'outbox'",
                        "schema.table"),
                mistake(MINIMAL + "outbox: {preset: debezium, table: \"a.b; drop\"}\n", "outbox.table 'a.b; drop'"),
                mistake(MINIMAL + "outbox: {preset: debezium, table: outbox.event}\n", "set outbox.preset to tidemark"),
                mistake(
                        MINIMAL + "outbox: {preset: debezium, additionalHeaders: {ID: a}}\n",
                        "outbox.additionalHeaders has 'ID'",
                        "choose another name"),
                mistake(
                        MINIMAL + "outbox: {additionalHeaders: {tenant: a}}\n",
                        "outbox.additionalHeaders cannot be chosen"),
                mistake(MINIMAL + "outbox: {columns: {id: a}}\n", "outbox.table is missing"),
                mistake(MINIMAL + "outbox: {table: a.b}\n", "outbox.columns.id is missing"),
                mistake(
                        MINIMAL + "outbox: {table: a.b, columns: {id: a, aggregateType: b, aggregateId: c}}\n",
                        "outbox.columns.eventType is missing"),
                mistake(
                        MINIMAL + "outbox: {preset: debezium, columns: {aggregateTyp: b}}\n",
                        "unknown key outbox.columns.aggregateTyp; did you mean aggregateType?"),
                mistake(MINIMAL + "outbox: {retention: 0s}\n", "outbox.retention is 0 seconds"),
                mistake(MINIMAL + "outbox: {retention: 1 week}\n", "outbox.retention", "30s"),
                mistake(
                        MINIMAL + "outbox: {retension: 1h}\n",
                        "unknown key outbox.retension",
                        "did you mean retention?"),
                mistake(MINIMAL + "headers: xml\n", "headers is 'xml'", "tidemark, cloudevents, debezium"),
                mistake(MINIMAL + "routes: {}\n", "routes must be a list"),
                mistake(MINIMAL + "routes: [ ~ ]\n", "routes has an empty entry"),
                mistake(route("topic: 'a b'"), "routes.topic 'a b'", "{aggregateType}"),
                mistake(route("topic: 'outbox.{aggregatType}'"), "routes.topic", "{aggregateType}"),
                mistake(route("topic: tidemark.positions"), "routes.topic", "reserved"),
                mistake(route("topic: '__{aggregateType}'"), "routes.topic", "Kafka's internal topics"),
                mistake(route("topic: x, onPoison: skip"), "routes[0].onPoison", "'skip'", "halt, dead-letter"),
                mistake(projections("{name: a/b, topics: [x]}"), "projections.name 'a/b'", "letters"),
                mistake(projections("{name: a}"), "projections.topics of 'a'", "[outbox.order]"),
                mistake(projections("{name: a, topics: [x, ~]}"), "projections.topics has an empty entry"),
                mistake(projections("{name: a, topics: [x]}, {name: a, topics: [y]}"), "'a' appears twice"),
                mistake(MINIMAL + "watermark: {maxWait: soon}\n", "watermark.maxWait", "30s"),
                mistake(MINIMAL + "watermark: {maxWait: 30}\n", "watermark.maxWait", "and its unit"),
                mistake(MINIMAL + "watermark: {maxWait: 0s}\n", "watermark.maxWait is 0 seconds"),
                mistake(MINIMAL + "limits: {transactionBytes: big}\n", "limits.transactionBytes", "64MiB"),
                mistake(MINIMAL + "limits: {transactionBytes: 1KiB}\n", "limits.transactionBytes", "64 kibibytes"),
                mistake(MINIMAL + "server: {applicationConnectors: [{type: http, port: 99999}]}\n", "port", "65535"),
                mistake("postgres: [1,\n", "no valid YAML at line 1, column 13"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void namesTheKeyAndTheFixInOneLineWithoutJava(String yaml, List<String> parts) {
        String message = messageOf(yaml);

        assertThat(message).contains(directory.toString()).contains(parts);
        assertThat(message.lines()).hasSize(1);
        assertThat(message)
                .doesNotContain("io.tidemark", "io.dropwizard", "com.fasterxml", "java.", "Exception", "[Source");
    }

    static Stream<String> mistakesBesideAPassword() {
        return Stream.of(
                postgres("password: [s3cret]"),
                postgres("pasword: s3cret"),
                postgres("password: s3cret, passwordFile: x"),
                postgres("password: 's3cret"),
                "postgres:\n  url: x\n  password: s3cret: more\n" + KAFKA,
                url("postgresql://u:s3cret@db:5432/shop"),
                url("jdbc:postgresql://u:s3cret@db:5432/shop"),
                url("jdbc:postgresql://db/shop?user=u&password=s3cret"));
    }

    @ParameterizedTest
    @MethodSource("mistakesBesideAPassword")
    void neverQuotesAPassword(String yaml) {
        String message = messageOf(yaml);

        assertThat(message).doesNotContain("s3cret");
    }

    private static Arguments mistake(String yaml, String... parts) {
        return Arguments.of(yaml, List.of(parts));
    }

    private static String postgres(String more) {
        return "postgres: {url: 'jdbc:postgresql://db:5432/shop', user: u, " + more + "}\n" + KAFKA;
    }

    private static String url(String url) {
        return "postgres: {url: '" + url + "', user: u}\n" + KAFKA;
    }

    private static String kafka(String more) {
        return POSTGRES + "kafka: {bootstrapServers: 'broker:9092', " + more + "}\n";
    }

    private static String route(String more) {
        return MINIMAL + "routes: [{aggregateType: order, " + more + "}]\n";
    }

    private static String projections(String list) {
        return MINIMAL + "projections: [" + list + "]\n";
    }

    private RelayConfiguration read(String yaml) {
        try {
            return ConfigurationFile.read(Files.writeString(directory.resolve("tidemark.yml"), yaml));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String messageOf(String yaml) {
        @Nullable String message = null;
        try {
            read(yaml);
        } catch (ConfigurationProblem e) {
            message = e.getMessage();
        }
        assertThat(message).as("the problem with:%n%s", yaml).isNotNull();
        return String.valueOf(message);
    }
}
