// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Migration;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.KafkaListener;
import io.tidemark.quickstart.stack.KafkaServer;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.relay.config.KafkaConfig;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.position.KafkaTail;
import io.tidemark.relay.position.TopicIds;
import io.tidemark.relay.publish.PublishFailure;
import io.tidemark.relay.publish.TopicPolicy;
import io.tidemark.relay.publish.Topics;
import io.tidemark.relay.publish.TransactionalPublisher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code tidemark check} on servers where nearly everything is wrong: it reports every problem, and no other. */
class CheckIT {

    private static final String WAL_LEVEL = "wal_level is 'replica'";
    private static final String MISSING = " does not exist, and kafka.topics.autoCreate is false; run: ";
    private static final String NO_RIGHT = "kafka: the relay's user has no right to ";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path dir;

    private static PostgresServer postgres;
    private static KafkaServer kafka;
    private static Admin admin;
    private static String securedBootstrap;

    private TestSource source;

    @BeforeAll
    static void start() {
        postgres = PostgresServer.start(dir.resolve("postgres"), FreePorts.next(), Map.of("wal_level", "replica"));
        int port = FreePorts.next();
        securedBootstrap = "127.0.0.1:" + port;
        kafka = KafkaServer.start(
                dir.resolve("kafka"),
                FreePorts.next(),
                List.of(new KafkaListener("SECURED", port, port, "SASL_PLAINTEXT")),
                Map.of(
                        "sasl.enabled.mechanisms",
                        "PLAIN",
                        "listener.name.secured.plain.sasl.jaas.config",
                        "org.apache.kafka.common.security.plain.PlainLoginModule required user_relay=\"sesame\";",
                        "authorizer.class.name",
                        "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                        "super.users",
                        "User:ANONYMOUS"));
        admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers()));
    }

    @AfterAll
    static void stop() {
        admin.close();
        kafka.close();
        postgres.close();
    }

    @BeforeEach
    void create() throws Exception {
        source = TestSource.bare("check", Servers.of(postgres, kafka))
                .routed(
                        "{aggregateType: order, topic: \"{name}.order\"}, {aggregateType: \"*\", topic: \"{name}.all\", onPoison: dead-letter}");
    }

    @AfterEach
    void drop() throws Exception {
        source.close();
        admin.deleteAcls(List.of(AclBindingFilter.ANY)).all().get(30, TimeUnit.SECONDS);
        Set<String> topics = admin.listTopics().names().get(30, TimeUnit.SECONDS);
        admin.deleteTopics(topics).all().get(30, TimeUnit.SECONDS);
    }

    private Path configFile(String user) throws Exception {
        Path file = source.configFile();
        String yaml = Files.readString(file)
                .replace("user: " + source.servers().user(), "user: " + user)
                .replace("topics: {", "topics: {autoCreate: false, ")
                .replace("bootstrapServers: \"" + kafka.bootstrapServers() + "\"", """
                        bootstrapServers: "%s"
                          properties:
                            security.protocol: SASL_PLAINTEXT
                            sasl.mechanism: PLAIN
                            sasl.jaas.config: 'org.apache.kafka.common.security.plain.PlainLoginModule required username="relay" password="sesame";'
                        """.formatted(securedBootstrap)
                        .stripTrailing());
        return Files.writeString(file, yaml);
    }

    private static JsonNode check(Path config) throws Exception {
        CommandRun run = CommandRun.of("check", "--json", config.toString());
        JsonNode report = new ObjectMapper().readTree(run.output());
        assertThat(run.exitCode())
                .as(run.output())
                .isEqualTo(report.path("findings").isEmpty() ? 0 : 1);
        return report;
    }

    private static List<String> findings(Path config) throws Exception {
        List<String> findings = new ArrayList<>();
        check(config).path("findings").forEach(finding -> findings.add(finding.asText()));
        return findings;
    }

    private static void assertFindings(Path config, List<String> ofPostgres, List<String> ofKafka, String... last)
            throws Exception {
        List<String> beginnings = Stream.of(ofPostgres, ofKafka, List.of(last))
                .flatMap(List::stream)
                .toList();
        List<String> findings = findings(config);
        assertThat(findings).hasSameSizeAs(beginnings);
        for (int i = 0; i < findings.size(); i++) {
            assertThat(findings.get(i)).startsWith(beginnings.get(i));
        }
    }

    private static void allow(ResourceType type, String name, PatternType pattern, AclOperation... operations)
            throws Exception {
        for (AclOperation operation : operations) {
            AclBinding right = new AclBinding(
                    new ResourcePattern(type, name, pattern),
                    new AccessControlEntry("User:relay", "*", operation, AclPermissionType.ALLOW));
            admin.createAcls(List.of(right)).all().get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void reportsEveryProblemAtOnceWithoutConsequences() throws Exception {
        allow(ResourceType.TOPIC, "tidemark.", PatternType.PREFIXED, AclOperation.READ, AclOperation.WRITE);
        allow(ResourceType.TOPIC, source.topic("all"), PatternType.LITERAL, AclOperation.WRITE);
        source.execute("create role poor login password '" + PostgresServer.PASSWORD + "'");
        Path config = configFile("poor");
        List<String> ofKafka = List.of(
                "topic " + source.topic("all") + MISSING,
                "topic tidemark.dead-letters" + MISSING,
                "topic tidemark.index" + MISSING,
                "topic tidemark.positions" + MISSING,
                NO_RIGHT + "Read and Write and Describe on Topic " + source.topic("order"),
                NO_RIGHT + "Describe on Group " + source.name() + "-view");
        String slot = "replication slot " + source.name() + " does not exist; run: tidemark init CONFIG";
        String replicate = "user poor may not replicate; run: alter role poor replication";
        String noOutbox = "database " + source.name() + " has no outbox";
        String noPublication = "publication tidemark does not exist; run: tidemark init CONFIG";
        await("the rights").untilAsserted(() -> assertThat(findings(config)).hasSize(11));

        assertFindings(config, List.of(WAL_LEVEL, noOutbox, replicate, noPublication), ofKafka, slot);
        CommandRun text = CommandRun.of("check", config.toString());
        assertThat(text.exitCode()).isEqualTo(1);
        assertThat(text.output().lines().filter(line -> line.startsWith("FINDING  ")))
                .hasSize(11);

        for (Migration migration : Migration.ALL) {
            source.execute(migration.sql());
        }
        String mayNotUse = "user poor may not use schema outbox; run: grant tidemark_relay to poor";
        assertFindings(config, List.of(WAL_LEVEL, mayNotUse, replicate), ofKafka, slot);

        source.execute("grant usage on schema outbox to poor", "grant select on outbox.source, outbox.slot to poor");
        String mayNotRead = "user poor may not read the outbox; run: grant select";
        String mayNotNudge = "user poor may not call outbox.nudge(); run: grant execute";
        String transactionalId = NO_RIGHT + "Write and Describe on TransactionalId tidemark-" + source.sourceId();
        assertFindings(config, List.of(WAL_LEVEL, mayNotRead, mayNotNudge, replicate), ofKafka, transactionalId, slot);
        source.execute("drop owned by poor", "drop role poor");
    }

    /** Findings in Postgres are still reported. */
    @Test
    void reportsAMissingSecretsFile() throws Exception {
        Path config = configFile(source.servers().user());
        Files.writeString(
                config,
                Files.readString(config).replace("\n  properties:", "\n  propertiesFile: /nowhere\n  properties:"));

        assertThat(findings(config))
                .anySatisfy(finding -> assertThat(finding).startsWith(WAL_LEVEL))
                .anySatisfy(
                        finding -> assertThat(finding).startsWith("kafka.propertiesFile /nowhere cannot be read: "));
    }

    @Test
    void printsCommandsThatCreateTheTopics() throws Exception {
        allow(ResourceType.TOPIC, "*", PatternType.LITERAL, AclOperation.READ, AclOperation.WRITE);
        Path config = configFile(source.servers().user());
        await("the rights")
                .untilAsserted(() -> assertThat(topicFindings(config)).hasSize(5));

        for (String finding : topicFindings(config)) {
            run(finding);
        }

        await("the topics")
                .untilAsserted(() -> assertThat(topicFindings(config)).isEmpty());
    }

    @Test
    void namesTheTopicsThatKafkaWouldNotCreate() throws Exception {
        allow(ResourceType.TOPIC, "*", PatternType.LITERAL, AclOperation.READ, AclOperation.WRITE);
        allow(ResourceType.TOPIC, source.topic("all"), PatternType.LITERAL, AclOperation.CREATE);
        Path config = configFile(source.servers().user());
        Files.writeString(config, Files.readString(config).replace("autoCreate: false", "autoCreate: true"));

        await("the rights")
                .untilAsserted(() -> assertThat(findings(config))
                        .filteredOn(finding -> finding.contains(NO_RIGHT + "Create"))
                        .hasSize(4)
                        .noneMatch(finding -> finding.contains(source.topic("all"))));

        assertThat(admin.listTopics().names().get(30, TimeUnit.SECONDS)).isEmpty();
    }

    private static List<String> topicFindings(Path config) throws Exception {
        return findings(config).stream()
                .filter(finding -> finding.contains(MISSING))
                .toList();
    }

    private static void run(String finding) throws Exception {
        Matcher command = Pattern.compile(MISSING
                        + "kafka-topics.sh --bootstrap-server (\\S+) --command-config FILE --create --topic (\\S+)"
                        + " --partitions (\\d+) --replication-factor (\\d+)((?: --config [^\\s;]+)*);"
                        + " or set kafka.topics.autoCreate to true")
                .matcher(finding);
        assertThat(command.find()).as(finding).isTrue();
        assertThat(command.group(1)).isEqualTo(securedBootstrap);
        Map<String, String> settings = new HashMap<>();
        for (String setting : command.group(5).trim().split(" ?--config ", -1)) {
            if (!setting.isEmpty()) {
                settings.put(setting.replaceAll("=.*", ""), setting.replaceAll(".*=", ""));
            }
        }
        NewTopic topic =
                new NewTopic(command.group(2), Integer.parseInt(command.group(3)), Short.parseShort(command.group(4)));
        admin.createTopics(List.of(topic.configs(settings))).all().get(30, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            compression.type: zst            | Kafka's client cannot use its properties: ConfigException: Invalid value zst
            delivery.timeout.ms: 5000        | Kafka's client cannot use its properties: ConfigException: delivery.timeout.ms
            transaction.timeout.ms: 99999999 | kafka.properties.transaction.timeout.ms is 99999999, and the brokers allow 900000
            """)
    void triesTheProducerWithTheRelaysProperties(String property, String finding) throws Exception {
        Path config = source.configFile();
        Files.writeString(
                config,
                Files.readString(config).replace("\n  topics: {", "\n  properties: {" + property + "}\n  topics: {"));

        assertThat(findings(config))
                .anySatisfy(found -> assertThat(found).startsWith(finding).doesNotContain("null"));
    }

    @Test
    void reportsTopicsWithTheWrongCleanupPolicy() throws Exception {
        make("tidemark.positions", 1, Map.of("cleanup.policy", "delete"));
        make("tidemark.index", 1, Map.of("cleanup.policy", "compact"));
        make("tidemark.dead-letters", 1, Map.of("cleanup.policy", "compact,delete"));
        Path file = source.configFile();

        assertThat(findings(file))
                .anySatisfy(found -> assertThat(found)
                        .startsWith("topic tidemark.positions has cleanup.policy=delete")
                        .endsWith("--entity-name tidemark.positions --add-config cleanup.policy=compact"))
                .anySatisfy(found -> assertThat(found).startsWith("topic tidemark.index has cleanup.policy=compact"))
                .anySatisfy(found ->
                        assertThat(found).startsWith("topic tidemark.dead-letters has cleanup.policy=compact,delete"));
        KafkaConfig config = ConfigurationFile.read(file).kafka();
        try (Topics topics = new Topics(config)) { // as a run does
            assertThatThrownBy(topics::ensureOwn)
                    .isInstanceOf(PublishFailure.class)
                    .hasMessageContaining("topic tidemark.positions has cleanup.policy=delete")
                    .extracting(failure -> ((PublishFailure) failure).kind())
                    .isEqualTo(PublishFailure.Kind.HALT);
        }
    }

    /** It goes by the time of the write. */
    @Test
    void findsTopicsThatLoseAnOldBacklogAsItArrives() throws Exception {
        make("week", 1, Map.of("retention.ms", "604800000"));
        make("forever", 1, Map.of("retention.ms", "-1"));
        TopicPolicy policy = new TopicPolicy(
                admin, ConfigurationFile.read(source.configFile()).kafka());
        Instant nineDaysAgo = Instant.now().minus(9, ChronoUnit.DAYS);

        assertThat(policy.tooShort("week", nineDaysAgo).orElse(""))
                .startsWith("topic week has retention.ms=604800000, and this source last published at " + nineDaysAgo);
        assertThat(policy.tooShort("week", Instant.now())).isEmpty();
        assertThat(policy.tooShort("forever", nineDaysAgo)).isEmpty();
    }

    /** The relay makes the topic with one partition; a person may have made it with more. */
    @Test
    void listsAndDiscardsDeadLettersOfEveryPartition() throws Exception {
        make("tidemark.dead-letters", 6, Map.of("cleanup.policy", "compact"));
        String config = source.configFile().toString();
        String id = "no-event";
        int partition = 0;
        try (Producer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int n = 0; partition == 0; n++) {
                id = "event-" + n;
                byte[] key = ("7f3a9c21/" + id + "/00000001/0000000000000010/00000000").getBytes(UTF_8);
                partition = producer.partitionsFor("tidemark.dead-letters").size() == 6
                        ? producer.send(new ProducerRecord<>("tidemark.dead-letters", key, new byte[] {1}))
                                .get(30, TimeUnit.SECONDS)
                                .partition()
                        : 0;
            }
        }

        assertThat(CommandRun.of("dead-letters", "list", config).output()).contains("id=" + id);
        long before = deadLettersEnd(partition);
        CommandRun discarded = CommandRun.of("dead-letters", "discard", "--yes", id, config);
        assertThat(discarded.exitCode()).as(discarded.output()).isZero();
        assertThat(CommandRun.of("dead-letters", "list", config).output()).doesNotContain("id=" + id);
        assertThat(deadLettersEnd(partition)).as("with the tombstone").isGreaterThan(before);
    }

    private static long deadLettersEnd(int partition) throws Exception {
        TopicPartition of = new TopicPartition("tidemark.dead-letters", partition);
        return admin.listOffsets(Map.of(of, OffsetSpec.latest()))
                .partitionResult(of)
                .get(30, TimeUnit.SECONDS)
                .offset();
    }

    /** What one relay writes there, the next one must find. */
    @Test
    void findsPositionsAlsoInATopicWithMorePartitions() throws Exception {
        make("tidemark.positions", 6, Map.of("cleanup.policy", "compact"));
        KafkaConfig config = ConfigurationFile.read(source.configFile()).kafka();
        Map<String, byte[]> records = new HashMap<>();
        for (int n = 0; n < 6; n++) {
            records.put(TopicIds.key("source-" + n), new TopicIds(Map.of("topic-" + n, "id")).toJson());
        }
        try (TransactionalPublisher publisher = new TransactionalPublisher(config, "tidemark-partitions", false)) {
            publisher.initialize();
            publisher.begin();
            publisher.commit("tidemark.positions", records);
        }

        try (KafkaTail tail = new KafkaTail(config)) {
            for (int n = 0; n < 6; n++) {
                assertThat(tail.lastTopicIds("source-" + n).ids()).containsOnlyKeys("topic-" + n);
            }
        }
    }

    private static void make(String topic, int partitions, Map<String, String> settings) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(settings)))
                .all()
                .get(30, TimeUnit.SECONDS);
    }

    /** Kafka answers only by fencing the id, and the relay's own id must not be fenced. */
    @Test
    void reportsAboutTheTransactionalIdWhatItsPrefixShows() throws Exception {
        for (Migration migration : Migration.ALL) {
            source.execute(migration.sql());
        }
        Path config = configFile(source.servers().user());
        String id = "tidemark-" + source.sourceId();
        String hint = "only a relay that starts can find out whether Write on TransactionalId " + id + " is granted";
        String finding = NO_RIGHT + "Write and Describe on TransactionalId " + id;
        assertThat(check(config).toString()).contains(finding).doesNotContain(hint);

        allow(ResourceType.TRANSACTIONAL_ID, id, PatternType.LITERAL, AclOperation.DESCRIBE, AclOperation.WRITE);
        await("the right to describe")
                .untilAsserted(() ->
                        assertThat(check(config).toString()).contains(hint).doesNotContain(finding));

        allow(ResourceType.TRANSACTIONAL_ID, id, PatternType.PREFIXED, AclOperation.DESCRIBE);
        assertThat(check(config).toString()).contains(hint);

        allow(ResourceType.TRANSACTIONAL_ID, id, PatternType.PREFIXED, AclOperation.WRITE);
        await("the right to write")
                .untilAsserted(() -> assertThat(check(config).toString()).doesNotContain(hint, finding));
    }
}
