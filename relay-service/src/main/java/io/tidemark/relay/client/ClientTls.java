// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.client;

import io.tidemark.relay.reason.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The certificates and the key that a command uses for {@code https}, in PEM, as in the Secrets of cert-manager.
 *
 * @param caFile certificates to trust; the JVM's when null
 * @param certFile the client certificate and the certificates between it and its CA; none when null
 * @param keyFile its key, PKCS#8, not encrypted; set if {@code certFile} is
 */
public record ClientTls(
        @Nullable Path caFile,
        @Nullable Path certFile,
        @Nullable Path keyFile) {

    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", Pattern.DOTALL);
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "Ed25519");
    private static final char[] NO_PASSWORD = {};

    /** Empty if the JVM's defaults are enough. */
    Optional<SSLContext> context() throws CannotAsk {
        if ((certFile == null) != (keyFile == null)) {
            throw new CannotAsk("--cert-file and --key-file go together; give both, or neither");
        }
        if (caFile == null && certFile == null) {
            return Optional.empty();
        }
        KeyManager @Nullable [] own = certFile == null || keyFile == null ? null : showing(certFile, keyFile);
        TrustManager @Nullable [] trusted = caFile == null ? null : trusting(caFile);
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own, trusted, null);
            return Optional.of(context);
        } catch (GeneralSecurityException e) {
            throw new CannotAsk("this JVM does not support TLS: " + Reason.of(e), e);
        }
    }

    private static TrustManager[] trusting(Path caFile) throws CannotAsk {
        try {
            KeyStore trusted = emptyStore();
            for (Certificate certificate : certificates("--ca-file", caFile)) {
                trusted.setCertificateEntry("ca-" + trusted.size(), certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            return trust.getTrustManagers();
        } catch (IOException | GeneralSecurityException e) {
            throw new CannotAsk("--ca-file " + caFile + " cannot be used: " + Reason.of(e) + "; it must be PEM", e);
        }
    }

    private static KeyManager[] showing(Path certFile, Path keyFile) throws CannotAsk {
        try {
            Certificate[] chain = certificates("--cert-file", certFile).toArray(Certificate[]::new);
            KeyStore store = emptyStore();
            store.setKeyEntry("client", key(keyFile), NO_PASSWORD, chain);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            return keys.getKeyManagers();
        } catch (IOException | GeneralSecurityException e) {
            throw new CannotAsk("--cert-file " + certFile + " cannot be used: " + Reason.of(e) + "; it must be PEM", e);
        }
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> certificates(String option, Path file)
            throws CannotAsk, IOException, GeneralSecurityException {
        try (InputStream pem = Files.newInputStream(file)) {
            Collection<? extends Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(pem);
            if (certificates.isEmpty()) {
                throw new CannotAsk(option + " " + file + " has no certificate; it must be PEM");
            }
            return certificates;
        }
    }

    /** No message contains any part of the key. */
    private static PrivateKey key(Path file) throws CannotAsk, GeneralSecurityException {
        byte[] encoded;
        try {
            Matcher key = KEY.matcher(Files.readString(file));
            encoded = key.find() ? Base64.getMimeDecoder().decode(key.group(1)) : new byte[0];
        } catch (IOException e) {
            throw new CannotAsk("--key-file " + file + " cannot be read: " + Reason.of(e), e);
        } catch (IllegalArgumentException e) {
            encoded = new byte[0];
        }
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            } catch (InvalidKeySpecException e) {
                // wrong algorithm, or not a key: try the next algorithm
            }
        }
        throw new CannotAsk("--key-file " + file + " has no RSA, EC or Ed25519 key in PKCS#8 (BEGIN PRIVATE KEY, not"
                + " encrypted); convert it with: openssl pkcs8 -topk8 -nocrypt");
    }
}
