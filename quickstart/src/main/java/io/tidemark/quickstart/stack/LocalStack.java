// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** A Postgres and a Kafka in one directory, which only one process can use at a time. */
public final class LocalStack implements AutoCloseable {

    private final Path home;
    private final FileChannel lockFile;
    private final PostgresServer postgres;
    private final KafkaServer kafka;

    private LocalStack(Path home, FileChannel lockFile, PostgresServer postgres, KafkaServer kafka) {
        this.home = home;
        this.lockFile = lockFile;
        this.postgres = postgres;
        this.kafka = kafka;
    }

    /**
     * Starts both on the data in {@code dir}, which they initialize if empty. Returns when both accept connections.
     *
     * @throws StackException if one does not start, or another process uses the directory; nothing is left running
     */
    public static LocalStack start(Path dir, int postgresPort, int kafkaPort) {
        Path home = dir.toAbsolutePath().normalize();
        FileChannel lockFile = lock(home);
        PostgresServer postgres = null;
        try {
            postgres = PostgresServer.start(home.resolve("postgres"), postgresPort, Map.of());
            KafkaServer kafka = KafkaServer.start(home.resolve("kafka"), kafkaPort);
            return new LocalStack(home, lockFile, postgres, kafka);
        } catch (RuntimeException e) {
            if (postgres != null) {
                postgres.close();
            }
            release(lockFile);
            throw e;
        }
    }

    private static FileChannel lock(Path home) {
        try {
            Files.createDirectories(home);
            FileChannel lockFile =
                    FileChannel.open(home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock;
            try {
                lock = lockFile.tryLock();
            } catch (OverlappingFileLockException e) {
                lock = null;
            }
            if (lock == null) {
                lockFile.close();
                throw new StackException(
                        "another tidemark process is using " + home + "; stop it, or choose another --dir");
            }
            return lockFile;
        } catch (IOException e) {
            throw new StackException("cannot use the directory " + home + ": " + e, e);
        }
    }

    private static void release(FileChannel lockFile) {
        try {
            lockFile.close();
        } catch (IOException e) {
            throw new StackException("cannot release the lock on the directory: " + e.getMessage(), e);
        }
    }

    public PostgresServer postgres() {
        return postgres;
    }

    public KafkaServer kafka() {
        return kafka;
    }

    /** Stops both cleanly. */
    @Override
    public void close() {
        try {
            kafka.close();
        } finally {
            postgres.close();
            release(lockFile);
        }
    }

    /** Deletes the directory, and data in other places. Call it when both are stopped. */
    public void delete() {
        Directories.delete(home);
        Directories.delete(postgres.home());
    }
}
