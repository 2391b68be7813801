import Glibc
import LineProtocol
import SocketServer

extension AccessPolicy {
    /// Adds the users and groups that the settings `roles.predict`, `roles.teach` and `roles.admin` name.
    ///
    /// - Throws: `ConfigurationError` for a user or group that this machine does not have.
    mutating func add(_ settings: Settings) throws(ConfigurationError) {
        for role in Role.allCases {
            let key = "roles.\(role.rawValue)"
            for name in settings.list(key) {
                if name.hasPrefix("@") {
                    groups[try Self.group(String(name.dropFirst()), key), default: []].formUnion(Self.implied(by: role))
                } else {
                    users[try Self.user(name, key), default: []].formUnion(Self.implied(by: role))
                }
            }
        }
    }

    /// Who may teach may ask; who may administer may do both.
    private static func implied(by role: Role) -> Set<Role> {
        switch role {
        case .predict: [.predict]
        case .teach: [.predict, .teach]
        case .admin: [.predict, .teach, .admin]
        }
    }

    private static func user(_ name: String, _ key: String) throws(ConfigurationError) -> UInt32 {
        if let id = UInt32(name) { return id }
        guard let entry = getpwnam(name) else {
            throw ConfigurationError("'\(key)': there is no user '\(name)'; groups are written '@group'")
        }
        return entry.pointee.pw_uid
    }

    private static func group(_ name: String, _ key: String) throws(ConfigurationError) -> UInt32 {
        if let id = UInt32(name) { return id }
        guard let entry = getgrnam(name) else {
            throw ConfigurationError("'\(key)': there is no group '\(name)'")
        }
        return entry.pointee.gr_gid
    }
}
