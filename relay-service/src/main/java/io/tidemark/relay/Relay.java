// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay;

import io.tidemark.relay.config.RelayConfiguration;
import io.tidemark.relay.console.Console;
import io.tidemark.relay.declared.TopicsSeen;
import io.tidemark.relay.declared.WritableTopics;
import io.tidemark.relay.explain.EventTracer;
import io.tidemark.relay.failpoint.Failpoint;
import io.tidemark.relay.group.GroupOffsets;
import io.tidemark.relay.health.Readiness;
import io.tidemark.relay.health.RelayState;
import io.tidemark.relay.http.HttpInterface;
import io.tidemark.relay.index.IndexFollower;
import io.tidemark.relay.index.PublishedIndex;
import io.tidemark.relay.metrics.Metrics;
import io.tidemark.relay.question.Questions;
import io.tidemark.relay.replica.Primary;
import io.tidemark.relay.replica.ReplicaWatermarks;
import io.tidemark.relay.run.ProcessScope;
import io.tidemark.relay.run.Supervisor;
import io.tidemark.relay.source.Nudges;
import io.tidemark.relay.source.SharedSourceStatus;
import io.tidemark.relay.source.SourceDatabase;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.source.SourceProbe;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.watermark.Watermarks;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The whole relay: the parts that live as long as the process, and a supervisor that starts one run after another. */
public final class Relay {

    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    private final String id;
    private final RelayConfiguration config;
    private final SourceDatabase database;
    private final PublishedIndex index;
    private final RelayState state = new RelayState();
    private final SharedSourceStatus standings;
    private final Nudges nudges;
    private final GroupOffsets groups;
    private final Watermarks watermarks;
    private final ReplicaWatermarks replicas;
    private final EventTracer tracer;
    private final IndexFollower follower;
    private final Metrics metrics;
    private final Supervisor supervisor;
    private volatile Optional<TimelineHistory> primaryHistory = Optional.empty();

    public Relay(RelayConfiguration config) {
        this.id = UUID.randomUUID().toString().substring(0, 8);
        this.config = config;
        this.database = new SourceDatabase(config.postgres());
        this.index = new PublishedIndex(topic -> config.projections().stream()
                .anyMatch(projection -> projection.topics().contains(topic)));
        this.standings = new SharedSourceStatus(database);
        this.nudges = new Nudges(database);
        this.groups = new GroupOffsets(config.kafka());
        this.watermarks = new Watermarks(
                config.projections(), new WritableTopics(config.routes()), index, groups, nudges, config.watermark());
        this.replicas = new ReplicaWatermarks(config.postgres(), this::primary, nudges, config.watermark());
        this.tracer = new EventTracer(
                config,
                database,
                nudges,
                () -> watermarks.isServing() ? Optional.of(index.published()) : Optional.empty());
        this.follower = new IndexFollower(
                config,
                database,
                index,
                id,
                () -> state.snapshot().phase() == RelayState.Phase.RUNNING,
                new WatermarkGate());
        this.metrics = new Metrics(state, index, follower, watermarks, new SourceProbe(database));
        String owner = ProcessHandle.current().pid() + "@" + hostName();
        this.supervisor = new Supervisor(
                new ProcessScope(config, database, index, follower, state, watermarks, metrics.counters(), id, owner));
    }

    private Optional<Primary> primary() {
        return state.snapshot().identity().map(identity -> new Primary(identity.systemIdentifier(), primaryHistory));
    }

    private static String hostName() {
        String name = System.getenv("HOSTNAME");
        return name == null ? "localhost" : name;
    }

    public RelayState state() {
        return state;
    }

    /** The parts that answer over HTTP. */
    HttpInterface http() {
        return new HttpInterface(
                id,
                config,
                state,
                new Readiness(
                        follower::viewAgeSeconds,
                        () -> watermarks.isServing()
                                ? "Kafka or Postgres does not answer"
                                : watermarks.whyNotServing()),
                standings,
                watermarks,
                new Questions(watermarks, nudges, config.watermark()),
                replicas,
                tracer,
                metrics.registry());
    }

    /** The console, to be registered if it is enabled. */
    Console console() {
        return new Console(id, config, state, standings, database, watermarks, metrics);
    }

    public Watermarks watermarks() {
        return watermarks;
    }

    public ReplicaWatermarks replicas() {
        return replicas;
    }

    public EventTracer tracer() {
        return tracer;
    }

    /** Not started. Only a caller that exports metrics should pay for them. */
    public Metrics metrics() {
        return metrics;
    }

    public SourceDatabase database() {
        return database;
    }

    public void start() {
        if (Failpoint.anyArmed()) {
            LOG.warn("event=failpoints-armed effect=\"this relay will fail on purpose; never in production\"");
        }
        follower.start();
        supervisor.start();
    }

    /** Ends the run, answers all waiters, and returns when slot and lock are free, or after half a minute. */
    public void stop() throws InterruptedException {
        if (supervisor.isStopping()) {
            return;
        }
        supervisor.stop();
        watermarks.close();
        replicas.close();
        tracer.close();
        follower.close();
        supervisor.join();
        nudges.close();
        groups.close();
        state.enter(RelayState.Phase.STOPPED, null);
    }

    /** Lets the watermark endpoint answer while the index is reliable. */
    private final class WatermarkGate implements IndexFollower.Listener {

        @Override
        public void sound(SourceIdentity identity, TimelineHistory history) {
            primaryHistory = Optional.of(history);
            watermarks.serve(identity, history);
        }

        @Override
        public void unsound(String reason) {
            watermarks.stopServing(reason);
            nudges.clear();
        }

        @Override
        public void died(String reason) {
            try {
                unsound(reason);
            } finally {
                state.die(reason); // the watchdog ends the process
            }
        }

        @Override
        public void advanced() {
            watermarks.advanced();
        }

        @Override
        public void looked(TopicsSeen topics) {
            watermarks.see(topics);
        }
    }
}
