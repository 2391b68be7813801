import CLinux
import LineProtocol
import Logging
import NIOCore

/// One client: its lines in, its replies out, and the requests that it has in flight.
///
/// Belongs to its event loop, as everything of one server does.
///
/// Back-pressure is real: a read is asked for only while another request could be started and the client reads its replies, so
/// that what a client can make this process hold is bounded by a few lines and ``ServerLimits/unreadBytesInAll``.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request that has not been answered.
    private struct Active {
        let id: RequestID?
        var task: Task<Void, Never>?
        var isWaiting = false
        /// Whether shutting down, and not the client, cancelled it.
        var isInterrupted = false
    }

    let number: UInt64
    private let table: ConnectionTable
    private var peer: Peer?
    private var context: ChannelHandlerContext?
    private var lines: LineBuffer

    private var active: [UInt64: Active] = [:]
    private var serials: [RequestID: UInt64] = [:]
    private var lastSerial: UInt64 = 0
    /// How many of the active requests do not wait for a burst.
    private var inFlight = 0
    /// Writes that the kernel has not taken yet, and their bytes.
    private var unsent = 0
    private var unsentBytes = 0

    /// The client sends nothing more.
    private var inputEnded = false
    /// We take nothing more, and close when all replies are out.
    private var isEnding = false
    /// A long line is being read elsewhere; the lines behind it wait.
    private var isParsing = false
    private var isProcessing = false

    /// Lines above this length are parsed off the event loop, where they would hold up the other connections.
    private static let inlineParsing = 16 << 10
    /// Replies up to this length are sent in any case: an error in their place would be no shorter.
    private static let smallReply = 4 << 10

    /// Whether the daemon itself is at the other end.
    let isOwn: Bool

    init(table: ConnectionTable, isOwn: Bool = false) {
        self.table = table
        self.isOwn = isOwn
        number = table.nextNumber()
        lines = LineBuffer(limit: table.limits.lineBytes)
    }

    // MARK: Events of the channel

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        let policy = table.policy
        let operations = context.pipeline.syncOperations
        let peer = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            Peer(descriptor: $0, policy: policy)
        }
        guard let peer = peer ?? nil else {
            table.logger.warning("a connection was closed: the kernel does not tell who its peer is")
            return context.close(promise: nil)
        }
        do {
            try table.admit(self, of: peer)
            self.peer = peer
            table.logger.debug("connected", metadata: ["connection": "\(number)", "peerUid": "\(peer.uid)"])
        } catch {
            table.logger.notice("connection refused", metadata: ["peerUid": "\(peer.uid)", "why": "\(error.message)"])
            isEnding = true
            reply(error, to: nil)
        }
        proceed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isOwn { table.traffic.heard(from: number) }
        if !isEnding { lines.append(unwrapInboundIn(data).readableBytesView) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { proceed() }

    func channelWritabilityChanged(context: ChannelHandlerContext) { proceed() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            inputEnded = true
            proceed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        for request in active.values { request.task?.cancel() }
        leave()
    }

    /// Gives up the connection's place when its client has gone and nothing goes on for it.
    ///
    /// Not before: who connects, asks and goes would otherwise have more computed at a time than its places allow.
    private func leave() {
        guard context == nil, active.isEmpty, !isParsing, let peer else { return }
        table.remove(self, of: peer)
    }

    /// Gives the peer the roles that `policy` has for it, for its next requests.
    func reconsider(_ policy: AccessPolicy) {
        peer = peer.map {
            Peer(
                uid: $0.uid, gid: $0.gid, groups: $0.groups,
                roles: policy.roles(uid: $0.uid, groups: [$0.gid] + $0.groups))
        }
    }

    // MARK: Stopping

    /// Finishes what has begun; requests that wait for a burst are told that they wait in vain.
    func drain() {
        for serial in active.keys where active[serial]?.isWaiting == true { interrupt(serial) }
        proceed()
    }

    /// Closes at once.
    func abandon() { context?.close(promise: nil) }

    private func interrupt(_ serial: UInt64) {
        active[serial]?.isInterrupted = true
        active[serial]?.task?.cancel()
    }

    // MARK: Lines

    /// Whether another line may be taken.
    private var isReady: Bool {
        guard let context, !isEnding, !isParsing, context.channel.isWritable else { return false }
        if table.isDraining { return true }
        return inFlight < table.limits.inFlight && active.count - inFlight < table.limits.waiting
    }

    /// Does whatever can be done now: takes lines, asks for more, or closes.
    private func proceed() {
        // Replying can change the writability, which comes back here.
        guard !isProcessing else { return }
        isProcessing = true
        takeLines()
        isProcessing = false
        guard let context else { return leave() }
        let isDone = isEnding || inputEnded && lines.count == 0 || table.isDraining
        if isDone, active.isEmpty, unsent == 0, !isParsing {
            context.close(promise: nil)
        } else if isReady, !inputEnded {
            context.read()
        }
    }

    private func takeLines() {
        while isReady {
            switch lines.next() {
            case .line(let line):
                take(line)
            case .tooLong:
                refuseRest(.lineTooLong, "a line has more than limits.lineBytes, \(table.limits.lineBytes)")
            case .incomplete:
                if inputEnded, lines.count > 0 {
                    refuseRest(.unterminated, "the last line does not end with a line feed; nothing was done")
                }
                return
            }
        }
    }

    private func refuseRest(_ reason: ErrorReason, _ message: String) {
        isEnding = true
        lines.removeAll()
        reply(ProtocolError(.invalidRequest, reason, message), to: nil)
    }

    private func take(_ line: [UInt8]) {
        guard line.count > Self.inlineParsing, let context else { return handle(ParsedLine(line)) }
        isParsing = true
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        table.taskStarted()
        Task {
            let parsed = ParsedLine(line)
            connection.eventLoop.execute { connection.value.parsed(parsed) }
        }
    }

    private func parsed(_ line: ParsedLine) {
        isParsing = false
        if context != nil { handle(line) }
        proceed()
        table.taskEnded()
    }

    private func handle(_ line: ParsedLine) {
        switch line {
        case .rejected(let rejection):
            reply(rejection.error, to: rejection.id)
        case .cancellation(.success(let target), let id):
            let request = serials[target].flatMap { active[$0] }
            request?.task?.cancel()
            if let id { reply(CancelResult(cancelled: request != nil), to: id) }
        case .cancellation(.failure(let error), let id), .unknown(let error, let id):
            if let id { reply(error, to: id) }
        case .request(let id, let token, let method, let call):
            do {
                let call = try admitted(id: id, method: method, call: call)
                start(call, id: id, progressToken: token)
            } catch {
                if let id { reply(error, to: id) }
            }
        }
    }

    /// The call, if it may be started.
    private func admitted(
        id: RequestID?,
        method: Method,
        call: Result<Call, ProtocolError>
    ) throws(ProtocolError) -> Call {
        if table.isDraining { throw .shuttingDown }
        if let id, serials[id] != nil {
            throw ProtocolError(.invalidRequest, .duplicateID, "a request with the id \(id) is still in flight")
        }
        guard let peer, peer.roles.contains(method.role) else {
            let user = peer.map { "user \($0.uid)" } ?? "this user"
            throw ProtocolError(
                .forbidden,
                .role,
                "\(method.rawValue) needs the role '\(method.role.rawValue)', which \(user) has not"
            )
        }
        return try call.get()
    }

    // MARK: Requests

    private func start(_ call: Call, id: RequestID?, progressToken: RequestID?) {
        guard let context, let peer else { return }
        lastSerial += 1
        let serial = lastSerial
        active[serial] = Active(id: id)
        if let id { serials[id] = serial }
        inFlight += 1
        table.taskStarted()
        if isOwn { table.traffic.setAside() }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let requestContext = RequestContext(
            peer: peer,
            connection: number,
            wantsProgress: progressToken != nil,
            isOwn: isOwn,
            onProgress: { value in
                guard let progressToken else { return }
                connection.eventLoop.execute { connection.value.progress(value, token: progressToken) }
            },
            onWait: {
                connection.eventLoop.execute { connection.value.waits(serial) }
            }
        )
        let answering = Answering(call: call, id: id, handler: table.handler, logger: table.logger)
        // More lines of this client are better answered together.
        if !isOwn, lines.count == 0, table.traffic.isAlone(), let outcome = answering.outcomeAtOnce(requestContext) {
            table.traffic.answeredAtOnce(number, hasMore: hasInput(context))
            return finish(serial, outcome)
        }
        // Ends with the connection: `channelInactive` cancels it, and the table counts it until it is over.
        active[serial]?.task = Task {
            let outcome = await answering.outcome(requestContext)
            connection.eventLoop.execute { connection.value.finish(serial, outcome) }
        }
    }

    /// Whether the client has sent what has not been read.
    private func hasInput(_ context: ChannelHandlerContext) -> Bool {
        let operations = context.pipeline.syncOperations
        let answer = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            clinux_has_input($0) == 1
        }
        return (answer ?? nil) ?? false
    }

    private func waits(_ serial: UInt64) {
        guard let request = active[serial], !request.isWaiting else { return }
        active[serial]?.isWaiting = true
        if !isOwn { table.traffic.setAside() }
        inFlight -= 1
        if table.isDraining { interrupt(serial) }
        proceed()
    }

    private func progress(_ value: JSONValue, token: RequestID) {
        guard context?.channel.isWritable == true else { return }
        if let bytes = try? Reply.progress(value, token: token) { send(bytes) }
    }

    private func finish(_ serial: UInt64, _ outcome: Answering.Outcome) {
        let request = active.removeValue(forKey: serial)
        defer { table.taskEnded(isAside: isOwn || request?.isWaiting == true) }
        guard let request else { return }
        if !request.isWaiting { inFlight -= 1 }
        if let id = request.id {
            serials[id] = nil
            switch outcome {
            case .reply(let bytes):
                if let error = refusal(of: bytes.count) { reply(error, to: id) } else { send(bytes) }
            case .cancelled: reply(request.isInterrupted ? .shuttingDown : .cancelled, to: id)
            case .failed(let error): reply(error, to: id)
            }
        }
        proceed()
    }

    // MARK: Replies

    /// Why a reply of this length cannot be sent, or nil.
    private func refusal(of count: Int) -> ProtocolError? {
        let limits = table.limits
        guard count > Self.smallReply else { return nil }
        guard count <= limits.replyBytes else {
            return ProtocolError(
                .invalidParameters, .outOfRange,
                "the reply has \(count) bytes; limits.replyBytes allows \(limits.replyBytes): ask for less at a time")
        }
        guard unsentBytes + count > limits.unreadBytes, table.unsentBytes + count > limits.unreadBytesInAll else {
            return nil
        }
        let message =
            "clients leave \(table.unsentBytes) bytes of replies unread, this one \(unsentBytes); "
            + "limits.unreadBytesInAll allows \(limits.unreadBytesInAll)"
        return .overloaded(message, retryAfterMs: 1000)
    }

    private func reply(_ result: CancelResult, to id: RequestID) {
        if let bytes = try? Reply.result(result, to: id) { send(bytes) }
    }

    private func reply(_ error: ProtocolError, to id: RequestID?) {
        if let bytes = try? Reply.error(error, to: id) { send(bytes) }
    }

    private func send(_ bytes: [UInt8]) {
        guard let context else { return }
        unsent += 1
        unsentBytes += bytes.count
        table.unsentBytes += bytes.count
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.unsent -= 1
            self.unsentBytes -= bytes.count
            self.table.unsentBytes -= bytes.count
            self.proceed()
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: written)
    }
}
