// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemark.it.harness.CommandRun;
import io.tidemark.it.harness.ReadEvent;
import io.tidemark.it.harness.RunningRelay;
import io.tidemark.it.harness.SelfSigned;
import io.tidemark.it.harness.Servers;
import io.tidemark.it.harness.TestSource;
import io.tidemark.it.harness.TopicReader;
import io.tidemark.outbox.Token;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.KafkaListener;
import io.tidemark.quickstart.stack.KafkaServer;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.config.file.ConfigurationFile;
import io.tidemark.relay.explain.EventTrace;
import io.tidemark.relay.explain.EventTrace.Stage;
import io.tidemark.relay.group.Committed;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.group.PartitionNeed;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.watermark.Answer;
import io.tidemark.relay.watermark.TokenRequirements.Requirement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Postgres that requires TLS and a Kafka with TLS, SASL and ACLs, and a relay with only the rights that
 * docs/security.md lists.
 */
class SecuredServersIT {

    private static final String USER = "tidemark_app";

    /** While it starts, the reason says only what it is doing. */
    private static final Set<RelayState.Phase> ENDS_OF_A_START =
            Set.of(RelayState.Phase.RUNNING, RelayState.Phase.RETRYING, RelayState.Phase.HALTED);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path dir;

    private static SelfSigned certificate;
    private static PostgresServer postgres;
    private static KafkaServer kafka;
    private static String securedBootstrap;
    private static TestSource source;

    @BeforeAll
    static void start() throws Exception {
        certificate = SelfSigned.in(dir.resolve("tls"));
        postgres = PostgresServer.start(dir.resolve("postgres"), FreePorts.next(), Map.of());
        int port = FreePorts.next();
        securedBootstrap = "127.0.0.1:" + port;
        kafka = KafkaServer.start(
                dir.resolve("kafka"),
                FreePorts.next(),
                List.of(new KafkaListener("SECURED", port, port, "SASL_SSL")),
                Map.of(
                        "ssl.keystore.location",
                        certificate.keyStore().toString(),
                        "ssl.keystore.password",
                        SelfSigned.PASSWORD,
                        "ssl.keystore.type",
                        "PKCS12",
                        "sasl.enabled.mechanisms",
                        "PLAIN",
                        "listener.name.secured.plain.sasl.jaas.config",
                        "org.apache.kafka.common.security.plain.PlainLoginModule required user_relay=\"sesame\";",
                        "authorizer.class.name",
                        "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                        "super.users",
                        "User:ANONYMOUS"));
        source = TestSource.create("secured", Servers.of(postgres, kafka));
        source.execute("create role " + USER + " login replication password 'open' in role tidemark_relay");
        demandTls();
        allowWhatTheDocumentLists();
    }

    @AfterAll
    static void stop() throws Exception {
        source.close();
        kafka.close();
        postgres.close();
    }

    /** The server's files belong to its own user, so the server writes them. */
    private static void demandTls() throws Exception {
        write("server.crt", certificate.certificatePem());
        write("server.key", certificate.keyPem());
        write("pg_hba.conf", "hostssl all,replication all 127.0.0.1/32 scram-sha-256\n");
        source.execute("alter system set ssl = on", "select pg_reload_conf()");
        await("a connection without TLS to be refused")
                .until(() -> tryToStart("?sslmode=disable").contains("no encryption"));
    }

    private static void write(String file, String text) throws Exception {
        List<String> lines = new ArrayList<>();
        text.lines().forEach(line -> lines.add("('" + line + "')"));
        source.execute("copy (values " + String.join(",", lines) + ") to program 'umask 077; cat > " + file + "'");
    }

    /** The list of docs/security.md, word for word. */
    private static void allowWhatTheDocumentLists() throws Exception {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers()))) {
            List<AclBinding> acls = new ArrayList<>();
            allow(acls, ResourceType.TRANSACTIONAL_ID, "tidemark-" + source.sourceId(), PatternType.LITERAL);
            for (String prefix : List.of(source.name() + ".", "tidemark.")) {
                allow(acls, ResourceType.TOPIC, prefix, PatternType.PREFIXED, AclOperation.READ, AclOperation.CREATE);
            }
            acls.add(binding(ResourceType.GROUP, source.name() + "-view", PatternType.LITERAL, AclOperation.DESCRIBE));
            admin.createAcls(acls).all().get(30, TimeUnit.SECONDS);
            // the projection's topic: a relay creates it with its first event, and Kafka reports rights only of
            // existing topics
            admin.createTopics(List.of(new NewTopic(source.topic("order"), 2, (short) 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
    }

    /** The rights to write and to describe, and more. */
    private static void allow(
            List<AclBinding> acls, ResourceType type, String name, PatternType pattern, AclOperation... more) {
        acls.add(binding(type, name, pattern, AclOperation.WRITE));
        acls.add(binding(type, name, pattern, AclOperation.DESCRIBE));
        for (AclOperation operation : more) {
            acls.add(binding(type, name, pattern, operation));
        }
    }

    private static AclBinding binding(ResourceType type, String name, PatternType pattern, AclOperation operation) {
        return new AclBinding(
                new ResourcePattern(type, name, pattern),
                new AccessControlEntry("User:relay", "*", operation, AclPermissionType.ALLOW));
    }

    private static RelayConfiguration configuration(String ssl, String password) throws Exception {
        return ConfigurationFile.read(configurationFile(ssl, password));
    }

    /** @param ssl added to the URL of the database */
    private static Path configurationFile(String ssl, String password) throws Exception {
        Path file = source.configFile();
        String yaml = Files.readString(file)
                .replace(source.servers().url(source.name()), source.servers().url(source.name()) + ssl)
                .replace("user: " + source.servers().user(), "user: " + USER)
                .replace("password: \"" + source.servers().password() + "\"", "password: open")
                .replace("bootstrapServers: \"" + kafka.bootstrapServers() + "\"", """
                        bootstrapServers: "%s"
                          properties:
                            security.protocol: SASL_SSL
                            ssl.truststore.type: PEM
                            ssl.truststore.location: "%s"
                            sasl.mechanism: PLAIN
                            sasl.jaas.config: 'org.apache.kafka.common.security.plain.PlainLoginModule required username="relay" password="%s";'
                        """.formatted(
                        securedBootstrap, certificate.certificateFile(), password).stripTrailing());
        return Files.writeString(file, yaml);
    }

    private static RelayConfiguration verifying(SelfSigned trusted) throws Exception {
        return configuration(verifyingWith(trusted), "sesame");
    }

    private static String verifyingWith(SelfSigned trusted) throws Exception {
        return "?sslmode=verify-full&sslrootcert=" + trusted.certificateFile();
    }

    private static String tryToStart(String ssl) throws Exception {
        return whyItDoesNotRun(configuration(ssl, "sesame"));
    }

    private static String whyItDoesNotRun(RelayConfiguration config) throws Exception {
        try (RunningRelay relay = RunningRelay.start(config)) {
            return String.valueOf(await("a reason")
                    .until(relay::state, state -> ENDS_OF_A_START.contains(state.phase()))
                    .reason());
        }
    }

    @Test
    void runsAnswersAndRestartsWithTheDocumentedRights() throws Exception {
        for (String text : List.of("first", "second")) {
            try (RunningRelay relay = RunningRelay.startAndAwait(verifying(certificate))) {
                source.execute("select outbox.publish('order', '" + text + "', 't', 'x')");
                await("published").until(() -> keys().contains(text));
                Answer answer = relay.relay()
                        .watermarks()
                        .ask("view", source.token(), 500)
                        .get(30, TimeUnit.SECONDS);
                assertThat(answer).as("for a group that has never existed").isNotInstanceOf(Answer.Success.class);
                assertThat(source.query("select bool_and(s.ssl)::text || count(*) filter (where"
                                + " a.backend_type = 'walsender') from pg_stat_activity a join pg_stat_ssl s using (pid)"
                                + " where a.usename = '" + USER + "'"))
                        .as("whether all sessions are encrypted, and how many of them stream")
                        .isEqualTo("true1");
            }
        }
        assertThat(keys()).containsExactly("first", "second");
    }

    /** Creating a topic needs one right, reading its configuration another, which no relay needs. */
    @Test
    void createsATopicWithoutHalting() throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(verifying(certificate))) {
            source.execute("select outbox.publish('fresh', '1', 't', 'x')");

            await("published").until(() -> {
                assertThat(relay.state().phase()).isNotEqualTo(RelayState.Phase.HALTED);
                return TopicReader.readAll(source.servers(), source.topic("fresh"))
                                .size()
                        == 1;
            });
        }
    }

    /** Each right is revoked and granted again. */
    @Test
    void checkNamesTheRightThatIsMissing() throws Exception {
        String id = "tidemark-" + source.sourceId();
        String group = source.name() + "-view";
        assertThat(findings()).isEmpty();

        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers()))) {
            assertFinding(
                    admin,
                    "Write and Describe on TransactionalId " + id,
                    binding(ResourceType.TRANSACTIONAL_ID, id, PatternType.LITERAL, AclOperation.WRITE),
                    binding(ResourceType.TRANSACTIONAL_ID, id, PatternType.LITERAL, AclOperation.DESCRIBE));
            assertFinding(
                    admin,
                    "Describe on Group " + group,
                    binding(ResourceType.GROUP, group, PatternType.LITERAL, AclOperation.DESCRIBE));
            publishTo("bill"); // creates the topics
            assertFinding(
                    admin,
                    "Write on Topic tidemark.positions",
                    binding(ResourceType.TOPIC, "tidemark.", PatternType.PREFIXED, AclOperation.WRITE));
            assertFinding(
                    admin,
                    "Read on Topic " + source.topic("order"),
                    binding(ResourceType.TOPIC, source.name() + ".", PatternType.PREFIXED, AclOperation.READ));
            assertFinding( // not named by a route or a projection, but it has events
                    admin,
                    "Describe on Topic " + source.topic("bill"),
                    binding(ResourceType.TOPIC, source.name() + ".", PatternType.PREFIXED, AclOperation.READ),
                    binding(ResourceType.TOPIC, source.name() + ".", PatternType.PREFIXED, AclOperation.WRITE),
                    binding(ResourceType.TOPIC, source.name() + ".", PatternType.PREFIXED, AclOperation.DESCRIBE));
        }
    }

    /** Kafka describes a group of the consumer protocol only to clients that may describe all topics of its members. */
    @Test
    void checkDistinguishesATopicOfTheGroupFromTheGroup() throws Exception {
        String foreign = "foreign-" + source.name();
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers()));
                KafkaConsumer<byte[], byte[]> consumer = TopicReader.consumer(
                        source.servers(), Map.of("group.id", source.name() + "-view", "group.protocol", "consumer"))) {
            admin.createTopics(List.of(new NewTopic(foreign, 1, (short) 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            consumer.subscribe(List.of(foreign));

            await("the group").untilAsserted(() -> {
                consumer.poll(Duration.ofMillis(50));
                assertThat(findings())
                        .singleElement()
                        .asString()
                        .contains("has no right to Describe on a topic that group " + source.name() + "-view reads");
            });
        }
    }

    /** What a token needs does not depend on the offsets of a group. */
    @Test
    void reportsOtherProjectionsBesideAGroupItMayNotDescribe() throws Exception {
        Path file = configurationFile(verifyingWith(certificate), "sesame");
        String topics = "topics: [" + source.topic("ill") + "]}";
        Files.writeString(
                file,
                Files.readString(file)
                        .replace("topics: [" + source.topic("order") + "]}", topics)
                        .replace("projections:", "projections:\n  - {name: ill, group: not-to-be-seen, " + topics));
        try (RunningRelay relay = RunningRelay.startAndAwait(ConfigurationFile.read(file))) {
            source.execute("select outbox.publish('ill', '1', 't', 'x')");
            Token token = source.token();

            await("what the token needs").untilAsserted(() -> {
                List<Requirement> told = relay.relay()
                        .watermarks()
                        .requirements()
                        .withGroups(token, List.of("ill", "view"))
                        .toCompletableFuture()
                        .get(30, TimeUnit.SECONDS)
                        .projections();
                assertThat(told).extracting(Requirement::projection).containsExactly("ill", "view");
                assertThat(told.get(0).partitions())
                        .isNotEmpty()
                        .allSatisfy(partition -> assertThat(partition.note()).contains("not known what is committed"));
                assertThat(told.get(1).partitions())
                        .isNotEmpty()
                        .allSatisfy(partition -> assertThat(partition.note()).isEqualTo(PartitionNeed.NO_COMMIT));
            });
        }
    }

    /** Publishes to a topic that does not exist yet. This needs only the right to create it, and no run ends. */
    private static void publishTo(String aggregateType) throws Exception {
        try (RunningRelay relay = RunningRelay.startAndAwait(verifying(certificate))) {
            Instant since = relay.state().since();
            source.execute("select outbox.publish('" + aggregateType + "', '1', 't', 'x')");
            assertThat(TopicReader.readUntil(source.servers(), source.topic(aggregateType), read -> !read.isEmpty()))
                    .hasSize(1);
            assertThat(relay.state().since()).isEqualTo(since);
        }
    }

    /** Then it does not know where the event is, and must not report that it is nowhere. */
    @Test
    void explainNamesTheRightThatIsMissing() throws Exception {
        UUID id = UUID.fromString(source.query("select outbox.publish('invoice', 'explained', 't', 'x')"));
        AclBinding read = binding(ResourceType.TOPIC, source.name() + ".", PatternType.PREFIXED, AclOperation.READ);
        try (RunningRelay relay = RunningRelay.startAndAwait(verifying(certificate));
                Admin admin =
                        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers()))) {
            await("the event").until(() -> trace(relay, id).stage() == Stage.PUBLISHED);

            admin.deleteAcls(List.of(read.toFilter())).all().get(30, TimeUnit.SECONDS);
            try {
                await("the reason").untilAsserted(() -> {
                    EventTrace trace = trace(relay, id);
                    assertThat(trace.stage()).isEqualTo(Stage.UNKNOWN);
                    assertThat(trace.reason())
                            .contains("may not read topic " + source.topic("invoice"), "grant its user");
                });
            } finally {
                admin.createAcls(List.of(read)).all().get(30, TimeUnit.SECONDS);
            }
            await("the event again").until(() -> trace(relay, id).stage() == Stage.PUBLISHED);
        }
    }

    private static EventTrace trace(RunningRelay relay, UUID id) throws Exception {
        return relay.relay()
                .tracer()
                .trace(id, Optional.empty())
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private static void assertFinding(Admin admin, String finding, AclBinding... without) throws Exception {
        admin.deleteAcls(Stream.of(without).map(AclBinding::toFilter).toList())
                .all()
                .get(30, TimeUnit.SECONDS);
        try {
            await(finding)
                    .untilAsserted(() -> assertThat(findings())
                            .anySatisfy(found -> assertThat(found).contains("has no right to " + finding)));
        } finally {
            admin.createAcls(List.of(without)).all().get(30, TimeUnit.SECONDS);
        }
        await("the right back").until(() -> findings().isEmpty());
    }

    private static List<String> findings() throws Exception {
        Path file = configurationFile(verifyingWith(certificate), "sesame");
        List<String> findings = new ArrayList<>();
        new ObjectMapper()
                .readTree(CommandRun.of("check", "--json", file.toString()).output())
                .path("findings")
                .forEach(one -> findings.add(one.asText()));
        return findings;
    }

    private static List<String> keys() {
        return TopicReader.readAll(source.servers(), source.topic("order")).stream()
                .map(ReadEvent::key)
                .toList();
    }

    @Test
    void doesNotTrustAPostgresWithAnotherCertificate() throws Exception {
        SelfSigned other = SelfSigned.in(dir.resolve("other"));

        assertThat(whyItDoesNotRun(verifying(other))).contains("SSL error", "CertPathValidatorException");
    }

    /** The address is the same, but the certificate is not for that name. */
    @Test
    void doesNotTrustAPostgresUnderAnotherName() throws Exception {
        Path file = configurationFile(verifyingWith(certificate), "sesame");
        Files.writeString(file, Files.readString(file).replace("postgresql://127.0.0.1:", "postgresql://127.1:"));

        assertThat(whyItDoesNotRun(ConfigurationFile.read(file))).contains("hostname 127.1 could not be verified");
        Files.writeString(file, Files.readString(file).replace("verify-full", "verify-ca"));
        assertThat(whyItDoesNotRun(ConfigurationFile.read(file))).isEqualTo("null");
    }

    /** At first every client is rejected, including those that live as long as the relay. */
    @Test
    void usesANewPasswordOfKafkaWithoutARestart() throws Exception {
        Path secrets = dir.resolve("client.properties");
        Files.writeString(secrets, jaas("wrong"));
        Path file = configurationFile(verifyingWith(certificate), "overridden");
        Files.writeString(
                file,
                Files.readString(file)
                        .replace("\n  properties:", "\n  propertiesFile: " + secrets + "\n  properties:"));
        RelayConfiguration config = ConfigurationFile.read(file);
        try (RunningRelay relay = RunningRelay.start(config);
                GroupOffsets groups = new GroupOffsets(config.kafka())) {
            await("to be turned away")
                    .until(() -> String.valueOf(relay.state().reason()).contains("uthentication failed"));
            assertThatThrownBy(() -> committed(groups)).hasMessageContaining("uthentication failed");

            Files.writeString(secrets, jaas("sesame"));

            await("to run").until(() -> relay.state().phase() == RelayState.Phase.RUNNING);
            assertThat(committed(groups).offsets()).isEmpty();
        }
    }

    private static Committed committed(GroupOffsets groups) throws Exception {
        String group = source.name() + "-view";
        return groups.committed(Map.of(group, Set.of(new TopicPartition(source.topic("order"), 0))))
                .values()
                .iterator()
                .next()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    private static String jaas(String password) {
        return "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"relay\""
                + " password=\"" + password + "\";\n";
    }

    @Test
    void namesTheWrongPasswordOfKafka() throws Exception {
        String why = whyItDoesNotRun(configuration(verifyingWith(certificate), "wrong"));

        assertThat(why).containsIgnoringCase("authentication failed");
    }
}
