// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore

/// What all connections of one client have in common.
struct ConnectionSettings: Sendable {
    var tls: TLSSettings
    var proxy: String?
    var userAgent: String

    /// Sets address, TLS and proxy.
    /// - Returns: A list that must live as long as the handle, and the `Host` field to send when the name in the address
    ///   had to be replaced.
    func apply(
        to options: inout EasyOptions, url: String, unixSocket: String?, connectTimeout: Duration
    ) -> (list: UnsafeMutablePointer<curl_slist>?, host: String?) {
        options.setSockets()
        options.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds: connectTimeout)
        options.set(CURLOPT_USERAGENT, userAgent)
        if let unixSocket { options.set(CURLOPT_UNIX_SOCKET_PATH, unixSocket) }
        // An empty string also keeps libcurl from the environment: the kubeconfig alone decides.
        options.set(CURLOPT_PROXY, Self.proxyAddress(proxy ?? ""))
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)

        if let authority = tls.certificateAuthority {
            options.set(CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB, authority)
            // The system's directory would be trusted beside it otherwise.
            options.set(CURLOPT_CAPATH, pointer: nil)
            // As kubectl has it: an https proxy is held to the same authority as the server.
            options.set(CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAINFO_BLOB, authority)
            options.set(CURLOPT_PROXY_CAPATH, pointer: nil)
            // A restarted local cluster may have new certificates in the same file.
            options.set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        }
        options.set(CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB, tls.clientCertificate)
        options.set(CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB, tls.clientKey)
        if tls.insecureSkipVerify {
            options.set(CURLOPT_SSL_VERIFYPEER, false)
            options.set(CURLOPT_SSL_VERIFYHOST, false)
            options.set(CURLOPT_PROXY_SSL_VERIFYPEER, false)
            options.set(CURLOPT_PROXY_SSL_VERIFYHOST, false)
        }
        guard let serverName = tls.serverName, let renamed = Self.rename(url, to: serverName) else {
            options.set(CURLOPT_URL, url)
            return (nil, nil)
        }
        // libcurl takes the name to verify from the address: put it there, and connect to the real host.
        options.set(CURLOPT_URL, renamed.url)
        let list = curl_slist_append(nil, renamed.connectTo)
        options.set(CURLOPT_CONNECT_TO, list: list)
        return (list, renamed.host)
    }

    /// A SOCKS proxy looks up the names, as with kubectl: those of a private network are unknown here.
    static func proxyAddress(_ proxy: String) -> String {
        proxy.hasPrefix("socks5://") ? "socks5h" + proxy.dropFirst("socks5".count) : proxy
    }

    /// Splits `https://host:port/rest` and puts another name in its place.
    static func rename(_ url: String, to name: String) -> (url: String, connectTo: String, host: String)? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        var host = authority
        var port = url.hasPrefix("https") ? "443" : "80"
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            host = authority[..<colon]
            port = String(authority[authority.index(after: colon)...])
        }
        return (
            "\(url[..<scheme.upperBound])\(name):\(port)\(rest[authority.endIndex...])",
            "\(name):\(port):\(host):\(port)",
            String(authority)
        )
    }
}
