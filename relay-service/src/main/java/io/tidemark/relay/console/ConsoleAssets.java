// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.console;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The files of the page, from memory: exactly these, and nothing else of the class path. A browser with its policy runs
 * no other script, uses no other style, and connects to no other host.
 */
final class ConsoleAssets extends HttpServlet {

    static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

    private static final long serialVersionUID = 1;
    private static final String UPLOT = "/META-INF/resources/webjars/uplot/1.6.30/dist/";
    private static final String[] OWN = {
        "index.html",
        "console.css",
        "app.js",
        "frame.js",
        "ask.js",
        "dom.js",
        "words.js",
        "charts.js",
        "pipeline.js",
        "now.js",
        "find.js",
        "projections.js",
        "waits.js",
        "letters.js",
        "setup.js",
        "icon.svg"
    };

    private final transient Map<String, byte[]> files = new LinkedHashMap<>();

    ConsoleAssets() {
        for (String name : OWN) {
            files.put(name, read(name));
        }
        files.put("uplot.js", read(UPLOT + "uPlot.iife.min.js"));
        files.put("uplot.css", read(UPLOT + "uPlot.min.css"));
    }

    private static byte[] read(String resource) {
        try (InputStream file = ConsoleAssets.class.getResourceAsStream(resource)) {
            if (file == null) {
                throw new IllegalStateException(resource + " is not on the class path");
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All files by their names. */
    Map<String, byte[]> files() {
        return Map.copyOf(files);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getPathInfo();
        response.setHeader("Content-Security-Policy", POLICY);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        if (path == null) { // otherwise the relative addresses in the page would not fit
            response.setStatus(HttpServletResponse.SC_MOVED_PERMANENTLY);
            response.setHeader("Location", "console/");
            return;
        }
        String name = path.equals("/") ? "index.html" : path.substring(1);
        byte[] file = files.get(name);
        if (file == null) {
            response.sendError(HttpServletResponse.SC_NOT_FOUND, "the console has no such file");
            return;
        }
        response.setContentType(typeOf(name));
        response.setContentLength(file.length);
        response.getOutputStream().write(file);
    }

    private static String typeOf(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> "text/javascript; charset=utf-8";
        };
    }
}
