package import LineProtocol

/// Which users and groups have which roles.
package struct AccessPolicy: Sendable, Equatable {
    /// Stands for every user, or group, that has no number of its own in this user namespace.
    package static let overflow: UInt32 = 65534

    /// Roles by user id.
    package var users: [UInt32: Set<Role>]
    /// Roles by group id.
    package var groups: [UInt32: Set<Role>]

    package init(users: [UInt32: Set<Role>] = [:], groups: [UInt32: Set<Role>] = [:]) {
        self.users = users
        self.groups = groups
    }

    /// Root and the daemon's own user may do everything, members of the socket's group may ask and teach.
    package static func standard(daemonUser: UInt32, socketGroup: UInt32?) -> AccessPolicy {
        var policy = AccessPolicy(users: [0: Set(Role.allCases)])
        policy.users[daemonUser] = Set(Role.allCases)
        if let socketGroup { policy.groups[socketGroup] = [.predict, .teach] }
        return policy
    }

    /// The roles of a user who is in `groups`, primary and supplementary.
    ///
    /// An overflow id is many users at once and so has none.
    package func roles(uid: UInt32, groups memberships: [UInt32]) -> Set<Role> {
        guard uid != Self.overflow else { return [] }
        return memberships.reduce(into: users[uid] ?? []) { roles, group in
            if group != Self.overflow { roles.formUnion(groups[group] ?? []) }
        }
    }
}
