/// How the tokens of one text, or of two, and special tokens make up what the model sees.
struct Template: Sendable {
    enum Piece: Sendable {
        /// The tokens of a text: 0 for the first, 1 for its pair.
        case text(Int, typeID: Int32)
        case special(ids: [Int32], typeID: Int32)
    }

    let pieces: [Piece]
    /// How many special tokens it adds.
    let addedCount: Int

    init(_ pieces: [Piece]) {
        self.pieces = pieces
        addedCount = pieces.reduce(0) { count, piece in
            if case .special(let ids, _) = piece { count + ids.count } else { count }
        }
    }

    /// Whether the text 0 or 1 is in it.
    func has(_ text: Int) -> Bool {
        pieces.contains { if case .text(text, _) = $0 { true } else { false } }
    }
}

/// The templates for one text and for two.
struct Templates: Sendable {
    let single: Template
    let pair: Template

    /// Reads the `post_processor` of a tokenizer.json; absent, nothing is added.
    ///
    /// - Parameter id: the id of a token, by which the ids in the file are checked.
    init(_ value: JSONValue?, id: (String) -> Int32?) throws(TokenizerFault) {
        guard let value else {
            single = Template([.text(0, typeID: 0)])
            pair = Template([.text(0, typeID: 0), .text(1, typeID: 1)])
            return
        }
        var fields = try JSONFields(value, at: "post_processor")
        switch try fields.type() {
        case "TemplateProcessing":
            let special = try Self.specialTokens(fields.object("special_tokens"), id: id)
            single = try Self.template("single", fields.array("single"), special)
            pair = try Self.template("pair", fields.array("pair"), special)
        case "BertProcessing":
            let start = try Self.named("cls", fields.array("cls"), id: id)
            let end = try Self.named("sep", fields.array("sep"), id: id)
            let first: [Template.Piece] = [
                .special(ids: [start], typeID: 0), .text(0, typeID: 0), .special(ids: [end], typeID: 0),
            ]
            single = Template(first)
            pair = Template(first + [.text(1, typeID: 1), .special(ids: [end], typeID: 1)])
        case let type:
            throw fields.fault(
                "type",
                "'\(type ?? "none")' is not understood; expected TemplateProcessing or BertProcessing"
            )
        }
        try fields.finish()
        guard single.has(0), !single.has(1) else {
            throw TokenizerFault("'post_processor': 'single' must have the sequence A, and B not")
        }
        guard pair.has(0), pair.has(1) else {
            throw TokenizerFault("'post_processor': 'pair' must have the sequences A and B")
        }
    }

    private static func specialTokens(
        _ members: [(key: String, value: JSONValue)],
        id: (String) -> Int32?
    ) throws(TokenizerFault) -> [(name: String, ids: [Int32])] {
        var tokens: [(name: String, ids: [Int32])] = []
        for (name, value) in members {
            guard !tokens.contains(where: { $0.name.isSame(as: name) }) else {
                throw TokenizerFault("'post_processor.special_tokens': '\(name)' is there twice")
            }
            var fields = try JSONFields(value, at: "post_processor.special_tokens.\(name)")
            guard try fields.string("id").isSame(as: name) else { throw fields.fault("id", "expected '\(name)'") }
            let ids = try fields.array("ids")
            let names = try fields.array("tokens")
            try fields.finish()
            guard ids.count == names.count else { throw fields.fault("tokens", "expected as many as 'ids'") }
            var known: [Int32] = []
            for (index, name) in zip(ids, names) {
                known.append(try checked(name, index, at: fields.place, id: id))
            }
            tokens.append((name, known))
        }
        return tokens
    }

    private static func template(
        _ name: String,
        _ elements: [JSONValue],
        _ special: [(name: String, ids: [Int32])]
    ) throws(TokenizerFault) -> Template {
        var pieces: [Template.Piece] = []
        for element in elements {
            let place = "post_processor.\(name)"
            guard case .object(let members) = element, members.count == 1, let (kind, value) = members.first else {
                throw TokenizerFault("'\(place)': expected objects with one field each")
            }
            var fields = try JSONFields(value, at: "\(place).\(kind)")
            let id = try fields.string("id")
            let typeID = try fields.id("type_id")
            try fields.finish()
            switch (kind, id) {
            case ("Sequence", "A"): pieces.append(.text(0, typeID: typeID))
            case ("Sequence", "B"): pieces.append(.text(1, typeID: typeID))
            case ("Sequence", _): throw fields.fault("id", "'\(id)' is not understood; expected A or B")
            case ("SpecialToken", _):
                guard let token = special.first(where: { $0.name.isSame(as: id) }) else {
                    throw fields.fault("id", "'\(id)' is not among 'special_tokens'")
                }
                pieces.append(.special(ids: token.ids, typeID: typeID))
            default:
                throw TokenizerFault("'\(place)': '\(kind)' is not understood; expected Sequence or SpecialToken")
            }
        }
        return Template(pieces)
    }

    private static func named(
        _ name: String,
        _ elements: [JSONValue],
        id: (String) -> Int32?
    ) throws(TokenizerFault) -> Int32 {
        guard elements.count == 2 else {
            throw TokenizerFault("'post_processor': '\(name)': expected a token and its id")
        }
        return try checked(elements[0], elements[1], at: "post_processor.\(name)", id: id)
    }

    /// The id that goes with the token, if the vocabulary agrees.
    private static func checked(
        _ name: JSONValue,
        _ index: JSONValue,
        at place: String,
        id: (String) -> Int32?
    ) throws(TokenizerFault) -> Int32 {
        guard case .string(let name) = name, let index = index.id else {
            throw TokenizerFault("'\(place)': expected a token and its id")
        }
        guard let known = id(name) else { throw TokenizerFault("'\(place)': the vocabulary has no token '\(name)'") }
        guard known == index else {
            throw TokenizerFault("'\(place)': '\(name)' has the id \(known) in the vocabulary, not \(index)")
        }
        return index
    }
}
