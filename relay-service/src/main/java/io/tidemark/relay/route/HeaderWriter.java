// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.route;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemark.outbox.EventHeaders;
import io.tidemark.outbox.Position;
import io.tidemark.relay.capture.CapturedEvent;
import io.tidemark.relay.capture.OwnHeaders;
import io.tidemark.relay.config.HeaderStyle;
import io.tidemark.relay.route.OutgoingEvent.OutgoingHeader;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes an event's headers in one of the styles: first Tidemark's headers, then the event's own. */
abstract class HeaderWriter {

    private static final JsonFactory JSON = new JsonFactory();

    final byte[] sourceId;

    /** An event's own headers are not a JSON object of strings. */
    static final class UnreadableHeaders extends RuntimeException {

        private static final long serialVersionUID = 1;

        private UnreadableHeaders(@Nullable Throwable cause) {
            super("the event's own headers are not a JSON object of strings", cause, false, false);
        }
    }

    private HeaderWriter(String sourceId) {
        this.sourceId = bytes(sourceId);
    }

    static HeaderWriter of(HeaderStyle style, String sourceId) {
        return switch (style) {
            case TIDEMARK -> new Tidemark(sourceId);
            case CLOUDEVENTS -> new CloudEvents(sourceId);
            case DEBEZIUM -> new Debezium(sourceId);
        };
    }

    /** @throws UnreadableHeaders when the event's own ones are */
    final List<OutgoingHeader> write(CapturedEvent event, Position position, @Nullable String split) {
        List<OutgoingHeader> headers = start(event);
        add(headers, EventHeaders.POSITION, position.toString());
        add(headers, EventHeaders.SPLIT, split);
        return finish(headers, event);
    }

    /** Replayed rows have no position, because positions must stay in order. */
    final List<OutgoingHeader> writeReplayed(CapturedEvent event, String replayId) {
        List<OutgoingHeader> headers = start(event);
        add(headers, EventHeaders.REPLAYED, replayId);
        return finish(headers, event);
    }

    private List<OutgoingHeader> start(CapturedEvent event) {
        List<OutgoingHeader> headers = new ArrayList<>(8);
        writeAttributes(headers, event);
        headers.add(new OutgoingHeader(EventHeaders.SOURCE, sourceId));
        return headers;
    }

    private static List<OutgoingHeader> finish(List<OutgoingHeader> headers, CapturedEvent event) {
        add(headers, EventHeaders.TRACEPARENT, event.traceparent());
        add(headers, EventHeaders.TRACESTATE, event.tracestate());
        if (event.headers() != null) {
            addOwn(headers, event.headers());
        }
        return headers;
    }

    abstract void writeAttributes(List<OutgoingHeader> headers, CapturedEvent event);

    private static void addOwn(List<OutgoingHeader> headers, String json) {
        try (JsonParser parser = JSON.createParser(json)) {
            require(parser.nextToken() == JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                require(!name.isEmpty() && !EventHeaders.isReserved(name));
                require(parser.nextToken() == JsonToken.VALUE_STRING);
                String value = parser.getText();
                require(!OwnHeaders.hasHalfCharacter(name) && !OwnHeaders.hasHalfCharacter(value));
                add(headers, name, value);
            }
        } catch (IOException e) {
            throw new UnreadableHeaders(e);
        }
    }

    /** The constraints of the outbox require it, but a constraint can be dropped. */
    private static void require(boolean isText) {
        if (!isText) {
            throw new UnreadableHeaders(null);
        }
    }

    static void add(List<OutgoingHeader> headers, String name, @Nullable String value) {
        if (value != null) {
            headers.add(new OutgoingHeader(name, bytes(value)));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static final class Tidemark extends HeaderWriter {

        Tidemark(String sourceId) {
            super(sourceId);
        }

        @Override
        void writeAttributes(List<OutgoingHeader> headers, CapturedEvent event) {
            add(headers, EventHeaders.ID, event.id());
            add(headers, EventHeaders.TYPE, event.eventType());
            add(headers, EventHeaders.CONTENT_TYPE, event.contentType());
        }
    }

    /** Kafka Protocol Binding for CloudEvents 1.0.2, section 3.2 (binary content mode). */
    private static final class CloudEvents extends HeaderWriter {

        private final String source;

        CloudEvents(String sourceId) {
            super(sourceId);
            this.source = "/tidemark/" + sourceId;
        }

        @Override
        void writeAttributes(List<OutgoingHeader> headers, CapturedEvent event) {
            add(headers, "ce_specversion", "1.0");
            add(headers, "ce_id", event.id());
            add(headers, "ce_source", source + "/" + segment(event.aggregateType()));
            add(headers, "ce_type", event.eventType());
            add(headers, "ce_subject", event.aggregateId());
            add(
                    headers,
                    "ce_time",
                    Instant.ofEpochMilli(event.createdAtMillis()).toString());
            add(headers, EventHeaders.CONTENT_TYPE, event.contentType());
        }
    }

    /** An aggregate type in outbox.event needs no escaping in a URI; in another table it may be any text. */
    private static String segment(String aggregateType) {
        return URLEncoder.encode(aggregateType, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static final class Debezium extends HeaderWriter {

        Debezium(String sourceId) {
            super(sourceId);
        }

        @Override
        void writeAttributes(List<OutgoingHeader> headers, CapturedEvent event) {
            add(headers, EventHeaders.ID, event.id());
        }
    }
}
