/// A JSON value whose objects keep their members in the file's order, each key as its exact scalars.
///
/// Foundation's readers put keys into dictionaries of strings, where a composed and a decomposed accent are one key; a
/// vocabulary has both.
enum JSONValue {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .flag: "true or false"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension String {
    /// Whether both are the same scalars; `==` also holds for strings that are only canonically equivalent.
    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
