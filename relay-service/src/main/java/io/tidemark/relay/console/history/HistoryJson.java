// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console.history;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** Samples as columns: one array for each series, null where a value was unknown. */
final class HistoryJson {

    /** Samples in a minute: rates and quantiles are those of the minute before each sample. */
    private static final int MINUTE = 60 / History.PERIOD_SECONDS;

    private final List<HistorySample> samples;
    private final int first;

    /** @param first index of the first sample to show; those before it are for the rates */
    HistoryJson(List<HistorySample> samples, int first) {
        this.samples = samples;
        this.first = first;
    }

    ObjectNode body() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("scope", "this-replica")
                .put("periodSeconds", History.PERIOD_SECONDS);
        column(json, "timesMillis", sample -> OptionalLong.of(sample.atMillis()));
        each(json.putArray("states"), (array, sample) -> array.add(sample.state()));
        column(json, "walHeadBytes", HistorySample::walHead);
        column(json, "publishedBytes", HistorySample::published);
        column(json, "retainedBytes", HistorySample::retainedBytes);
        column(json, "safeBytes", HistorySample::safeBytes);
        decimals(json, "captureLagSeconds", HistorySample::captureLagSeconds);
        decimals(json, "publishLagSeconds", HistorySample::publishLagSeconds);
        column(json, "eventsPublished", sample -> OptionalLong.of((long) sample.events()));
        column(json, "waiting", sample -> OptionalLong.of(sample.waiting()));
        ArrayNode projections = json.putArray("projections");
        names(sample -> sample.projections().keySet())
                .forEach(name -> putProjection(projections.addObject().put("projection", name), name));
        putWaits(json.putObject("waits"));
        return json;
    }

    private void putProjection(ObjectNode json, String name) {
        each(json.putArray("states"), (array, sample) -> {
            HistorySample.Projection at = sample.projections().get(name);
            if (at == null) {
                array.addNull();
            } else {
                array.add(at.state());
            }
        });
        column(json, "lagRecords", of(name, HistorySample.Projection::lagRecords, OptionalLong.empty()));
        decimals(json, "lagSeconds", of(name, HistorySample.Projection::lagSeconds, OptionalDouble.empty()));
        column(
                json,
                "members",
                of(
                        name,
                        at -> at.members().isEmpty()
                                ? OptionalLong.empty()
                                : OptionalLong.of(at.members().getAsInt()),
                        OptionalLong.empty()));
    }

    private static <T> Function<HistorySample, T> of(
            String name, Function<HistorySample.Projection, T> value, T otherwise) {
        return sample -> {
            HistorySample.Projection at = sample.projections().get(name);
            return at == null ? otherwise : value.apply(at);
        };
    }

    private void putWaits(ObjectNode json) {
        ObjectNode outcomes = json.putObject("perMinute");
        for (String outcome : names(sample -> sample.waits().byOutcome().keySet())) {
            ToLongFunction<HistorySample> count =
                    sample -> Math.round(sample.waits().byOutcome().getOrDefault(outcome, 0.0));
            ArrayNode array = outcomes.putArray(outcome);
            for (int i = first; i < samples.size(); i++) {
                array.add(count.applyAsLong(samples.get(i)) - count.applyAsLong(minuteBefore(i)));
            }
        }
        putQuantile(json.putArray("successP50Seconds"), 0.5);
        putQuantile(json.putArray("successP99Seconds"), 0.99);
    }

    private HistorySample minuteBefore(int i) {
        return samples.get(Math.max(0, i - MINUTE));
    }

    private void putQuantile(ArrayNode array, double share) {
        for (int i = first; i < samples.size(); i++) {
            add(array, samples.get(i).waits().quantileSince(minuteBefore(i).waits(), share));
        }
    }

    private Set<String> names(Function<HistorySample, Set<String>> of) {
        Set<String> names = new TreeSet<>();
        samples.forEach(sample -> names.addAll(of.apply(sample)));
        return names;
    }

    private void column(ObjectNode json, String name, Function<HistorySample, OptionalLong> value) {
        each(json.putArray(name), (array, sample) -> {
            OptionalLong known = value.apply(sample);
            if (known.isPresent()) {
                array.add(known.getAsLong());
            } else {
                array.addNull();
            }
        });
    }

    private void decimals(ObjectNode json, String name, Function<HistorySample, OptionalDouble> value) {
        each(json.putArray(name), (array, sample) -> add(array, value.apply(sample)));
    }

    private static void add(ArrayNode array, OptionalDouble value) {
        if (value.isPresent()) {
            array.add(Math.round(value.getAsDouble() * 1000) / 1000.0);
        } else {
            array.addNull();
        }
    }

    private void each(ArrayNode array, BiConsumer<ArrayNode, HistorySample> add) {
        samples.subList(first, samples.size()).forEach(sample -> add.accept(array, sample));
    }
}
