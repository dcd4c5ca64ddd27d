// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// Ends a connection that speaks something else than HTTP/2, or on which nothing comes for long: the protocol's own
/// handler tells of both and keeps the socket, and enough of those use up the files.
final class ConnectionEnd: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    /// Clients keep a connection for their next call, and make a new one when it is gone.
    static let idleTime = TimeAmount.minutes(10)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Of one call among others.
        guard !(error is NIOHTTP2Errors.StreamError) else { return }
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
