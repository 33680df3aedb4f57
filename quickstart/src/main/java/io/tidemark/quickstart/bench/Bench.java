// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.bench;

import io.tidemark.quickstart.measure.ProcessUsage;
import io.tidemark.quickstart.measure.Quantiles;
import io.tidemark.quickstart.relay.RelayChild;
import io.tidemark.quickstart.relay.RelaySite;
import io.tidemark.quickstart.relay.WatermarkProbe;
import io.tidemark.quickstart.stack.FreePorts;
import io.tidemark.quickstart.stack.LocalStack;
import io.tidemark.quickstart.stack.StackException;
import io.tidemark.quickstart.stack.StopSignal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * Starts servers in a temporary directory, measures part by part, and stops everything, also after an error. On the
 * main thread.
 */
public final class Bench {

    /** Number of events to write between two checks of the stop signal. */
    private static final int FILL_STEP = 5_000;

    private final BenchSettings settings;
    private final StopSignal stop;
    private final PrintStream out;
    private final Tally tally = new Tally();

    /** @param out receives the progress */
    public Bench(BenchSettings settings, StopSignal stop, PrintStream out) {
        this.settings = settings;
        this.stop = stop;
        this.out = out;
    }

    /** Everything that runs during all parts. */
    private record BenchSetup(
            LocalStack stack, RelaySite site, Machine machine, EventWriter writer, TopicReader reader, Watch watch) {}

    /**
     * Measures.
     *
     * @throws StackException if something did not start, made no progress, or was stopped
     */
    public Report run() throws Exception {
        requireSpace();
        Path dir = Files.createTempDirectory(settings.dir(), "tidemark-bench-").toAbsolutePath();
        boolean isEvidence = true;
        say("Starting a real Postgres and a real Kafka, data in " + dir + " ...");
        LocalStack stack = LocalStack.start(dir, FreePorts.next(), FreePorts.next());
        try (stack) {
            Report report = measure(stack, dir);
            isEvidence = !report.isClean();
            return report;
        } finally {
            if (isEvidence && !stop.await(0)) {
                say("Data and logs are kept in " + dir + ".");
            } else {
                stack.delete();
            }
        }
    }

    /** Checked first, because the message of a server whose disk is full is less clear. */
    private void requireSpace() throws IOException {
        long free = Files.getFileStore(settings.dir()).getUsableSpace();
        if (free < settings.diskBytes()) {
            throw new StackException("this takes about " + (settings.diskBytes() >> 20) + " MiB in " + settings.dir()
                    + ", where " + (free >> 20) + " MiB are free; use fewer --events, a smaller --payload, or another"
                    + " --dir");
        }
    }

    private Report measure(LocalStack stack, Path dir) throws Exception {
        RelaySite site = RelaySite.prepare(
                dir, stack, EventWriter.DATABASE, PlainGroup.NAME, EventWriter.TOPIC, FreePorts.next());
        EventWriter.installUnrelated(stack.postgres());
        makeTopic(stack);
        Watch watch = new Watch(stop);
        watch.over(() -> stack.postgres().isAlive() ? "" : "Postgres has ended; its log is below " + dir);
        watch.over(() -> stack.kafka().isAlive() ? "" : "Kafka has ended; its log is below " + dir);
        try (EventWriter writer = new EventWriter(stack.postgres(), settings.payloadBytes());
                TopicReader reader = TopicReader.start(stack.kafka().bootstrapServers(), tally)) {
            watch.over(reader::problem);
            Machine machine =
                    Machine.describe(stack.postgres(), stack.postgres().data());
            BenchSetup stage = new BenchSetup(stack, site, machine, writer, reader, watch);
            fill(stage);
            return measure(stage);
        }
    }

    /** Otherwise the relay would create it with the first event, and the reader would notice it only later. */
    private static void makeTopic(LocalStack stack) throws InterruptedException {
        try (Admin admin = Admin.create(
                Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, stack.kafka().bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(EventWriter.TOPIC, RelaySite.PARTITIONS, (short) 1)))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            throw new StackException("cannot create the topic " + EventWriter.TOPIC + ": " + e.getCause(), e);
        }
    }

    private void fill(BenchSetup stage) throws SQLException, InterruptedException {
        say("Writing " + settings.events() + " events before the relay starts ...");
        for (int first = 0; first < settings.events(); first += FILL_STEP) {
            stage.watch().check();
            int count = Math.min(FILL_STEP, settings.events() - first);
            stage.writer().fill(first, count);
            tally.committed(first, count);
        }
    }

    private Report measure(BenchSetup stage) throws Exception {
        DrainClock clock = new DrainClock(settings.events());
        stage.reader().tell(clock);
        long startNanos = System.nanoTime();
        try (RelayChild relay = RelayChild.start(stage.site())) {
            stage.watch()
                    .over(() -> relay.isAlive()
                            ? ""
                            : "the relay has ended; its log is " + stage.site().log());
            say("Starting the relay (pid " + relay.pid() + "), and waiting for all events ...");
            WatermarkProbe probe = new WatermarkProbe(stage.site(), PlainGroup.NAME);
            Report.Drain drain = drain(stage, clock, startNanos, relay.pid());
            probe.awaitRunning(stop, relay::isAlive); // it is running, unless it has drained nothing
            Report.Paced paced = paced(stage);
            try (PlainGroup group = PlainGroup.start(stage.stack().kafka().bootstrapServers())) {
                stage.watch().over(group::problem);
                WatermarkClock watermark = new WatermarkClock(stage.writer(), probe, stage.watch());
                watermark.awaitCaughtUp();
                Report.Busy busy = busy(stage, watermark);
                Quantiles idle = idle(watermark, stage);
                watermark.awaitCaughtUp();
                var memory = ProcessUsage.peakResidentBytes(relay.pid());
                stage.reader().finish();
                return new Report(stage.machine(), settings, drain, paced, busy, idle, memory, tally.counts());
            }
        }
    }

    private static Report.Drain drain(BenchSetup stage, DrainClock clock, long startNanos, long relayPid)
            throws InterruptedException {
        stage.watch().await(clock::isComplete, clock::count);
        OptionalDouble cpuSeconds = ProcessUsage.cpu(relayPid).stream()
                .mapToDouble(cpu -> cpu.toMillis() / 1000.0)
                .findFirst();
        return new Report.Drain(
                clock.count(),
                clock.seconds(),
                clock.eventsPerSecond(),
                clock.secondHalfEventsPerSecond(),
                clock.secondsSince(startNanos),
                cpuSeconds);
    }

    private Report.Paced paced(BenchSetup stage) throws SQLException, InterruptedException {
        say("Writing at " + settings.rate() + " events/s for "
                + settings.duration().toSeconds() + " s ...");
        try (PacedLoad load =
                PacedLoad.start(stage.stack().postgres(), settings, settings.events(), stage.reader(), tally)) {
            return load.awaitRead(stage.watch());
        }
    }

    /** The watermark, while others write events continuously. */
    private Report.Busy busy(BenchSetup stage, WatermarkClock watermark) throws SQLException, InterruptedException {
        say("The same again, and asking for the watermark after separate writes ...");
        int firstOfOthers = settings.events() + settings.pacedEvents();
        int[] next = {firstOfOthers + settings.pacedEvents()};
        try (PacedLoad load =
                PacedLoad.start(stage.stack().postgres(), settings, firstOfOthers, stage.reader(), tally)) {
            Quantiles quantiles = watermark.measureWhile(load::isWriting, settings.warmUp(), () -> {
                int number = next[0]++;
                stage.writer().write(number, "asked-" + number % EventWriter.AGGREGATES);
                tally.committed(number);
            });
            return new Report.Busy(load.awaitWritten(stage.watch()), quantiles);
        }
    }

    private Quantiles idle(WatermarkClock watermark, BenchSetup stage) throws SQLException, InterruptedException {
        say("Asking for the watermark of an idle database for "
                + settings.duration().toSeconds() + " s ...");
        long endNanos = System.nanoTime() + settings.duration().toNanos();
        return watermark.measureWhile(
                () -> System.nanoTime() < endNanos, settings.warmUp(), stage.writer()::writeUnrelated);
    }

    private void say(String line) {
        out.println(line);
    }
}
