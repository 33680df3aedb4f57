// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.upheaval;

import static org.awaitility.Awaitility.await;

import io.tidemark.it.harness.FaultyServers;
import io.tidemark.it.harness.FaultyWorld;
import io.tidemark.it.harness.TestSource;
import io.tidemark.outbox.Lsn;
import io.tidemark.quickstart.stack.PostgresServer;
import io.tidemark.quickstart.stack.PostgresStandby;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Postgres is killed, and a standby takes over at its address. Commits and the relay's slot wait for the standby, as
 * docs/failover.md asks for. So the standby has everything whose commit was acknowledged, and everything that is published.
 * Needs Postgres 17, which synchronizes slots.
 */
final class PostgresFailedOver implements Upheaval {

    private static final String STANDBY = "standby";

    @Override
    public void strike(FaultyWorld world, Operator operator, Random random) throws Exception {
        FaultyServers servers = world.servers();
        TestSource source = world.source();
        PostgresServer standby = servers.startStandby(STANDBY);
        TestSource onStandby = source.on(servers.with(standby));
        source.execute(
                "alter system set synchronized_standby_slots = '" + STANDBY + "'",
                "alter system set synchronous_standby_names = '*'",
                "select pg_reload_conf()");
        awaitSyncedSlot(operator, source, onStandby);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(3000));
        servers.postgres().killNow();
        PostgresStandby.promote(standby);
        onStandby.createTruthSlot();
        Lsn switchPoint = switchPoint(onStandby);
        try (PostgresServer dead = servers.startDeadPrimaryElsewhere()) {
            operator.rememberCommitted(source.on(servers.with(dead)).committedEvents(), switchPoint);
        }
        servers.takeTheAddress(standby);
    }

    /** Where the promoted server left the timeline before: in the last line of its newest history file. */
    private static Lsn switchPoint(TestSource promoted) throws SQLException {
        List<String> lines = promoted.query(
                        "select pg_read_file('pg_wal/' || max(name)) from pg_ls_waldir() where name like '%.history'")
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        return Lsn.parse(lines.get(lines.size() - 1).split("\t", -1)[1]);
    }

    /** A standby synchronizes a slot only once the slot holds back no more than the standby itself. */
    private static void awaitSyncedSlot(Operator operator, TestSource source, TestSource onStandby) {
        await("synced slot").until(() -> {
            operator.restartDead();
            source.execute("select pg_log_standby_snapshot()", "select outbox.nudge()");
            return onStandby
                    .query("select exists (select from pg_replication_slots where slot_name = '" + source.name()
                            + "' and synced and failover and not temporary)")
                    .equals("t");
        });
    }
}
