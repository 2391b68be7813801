import CLinux
package import LineProtocol

/// Who is at the other end of a connection, as the kernel knew it when the connection was made.
///
/// Never by process id: that may be someone else's by the time it is looked at.
package struct Peer: Sendable, Hashable {
    package let uid: UInt32
    package let gid: UInt32
    /// The supplementary groups.
    package let groups: [UInt32]
    /// What the peer may do.
    package let roles: Set<Role>

    package init(uid: UInt32, gid: UInt32, groups: [UInt32] = [], roles: Set<Role>) {
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.roles = roles
    }

    /// The peer of a connected socket, or nil if the kernel does not tell.
    init?(descriptor: Int32, policy: AccessPolicy) {
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        guard unsafe clinux_peer_credentials(descriptor, &uid, &gid) == 0 else { return nil }
        var groups = [UInt32](repeating: 0, count: 64)
        var count = unsafe clinux_peer_groups(descriptor, &groups, Int32(groups.count))
        if count > groups.count {
            groups = [UInt32](repeating: 0, count: Int(count))
            count = unsafe clinux_peer_groups(descriptor, &groups, Int32(groups.count))
        }
        guard (0...groups.count).contains(Int(count)) else { return nil }
        groups.removeSubrange(Int(count)...)
        self.init(uid: uid, gid: gid, groups: groups, roles: policy.roles(uid: uid, groups: [gid] + groups))
    }
}
