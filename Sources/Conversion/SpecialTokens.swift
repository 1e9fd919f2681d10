internal import GGUF
internal import JSON

/// Which tokens begin and end a text, stand for what is unknown and so on, and whether they are added to a prompt.
///
/// As llama.cpp's converter has it: the ids of texts that tokenizer_config.json names, where tokenizer.json lists them,
/// and else those of config.json, in this order.
struct SpecialTokens {
    private var ids: [(role: String, id: Int)] = []
    private var added: [(role: String, isAdded: Bool)] = []
    private let vocabularyCount: Int

    private static let roles = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]
    /// Of these roles a GGUF file has the id, under its own name.
    private static let keys = [
        "bos": "bos", "eos": "eos", "unk": "unknown", "sep": "seperator", "pad": "padding", "mask": "mask",
    ]

    /// Throws: ``ConversionError``.
    init(_ folder: HuggingFaceFolder, config: JSONValue, vocabularyCount: Int) throws(ConversionError) {
        self.vocabularyCount = vocabularyCount
        let tokenizer = try folder.json("tokenizer.json", leavingOut: ["model"])
        let settings = try folder.json("tokenizer_config.json")
        var texts: [String: String] = [:]
        for role in Self.roles {
            if let entry = settings?[role + "_token"] { texts[role] = entry.string ?? entry["content"]?.string }
        }
        if let tokenizer { readTemplates(tokenizer, texts: &texts) }
        if let settings {
            let listed = Self.addedTokens(tokenizer)
            for role in Self.roles {
                if case .bool(let isAdded) = settings["add_\(role)_token"] {
                    setAdded(role, isAdded, overwrites: false)
                }
                if let text = texts[role], let id = listed[text] { setID(role, id) }
            }
        }
        for role in Self.roles {
            if case .integer(let id) = config[role + "_token_id"] { setID(role, id) }
        }
    }

    private static func addedTokens(_ tokenizer: JSONValue?) -> [String: Int] {
        var ids: [String: Int] = [:]
        guard case .array(let tokens) = tokenizer?["added_tokens"] else { return ids }
        for token in tokens {
            guard let text = token["content"]?.string, case .integer(let id) = token["id"], ids[text] == nil else {
                continue
            }
            ids[text] = id
        }
        return ids
    }

    private mutating func setID(_ role: String, _ id: Int) {
        guard id >= 0, id < vocabularyCount, !ids.contains(where: { $0.role == role }) else { return }
        ids.append((role, id))
    }

    private mutating func setAdded(_ role: String, _ isAdded: Bool, overwrites: Bool = true) {
        if let index = added.firstIndex(where: { $0.role == role }) {
            if overwrites { added[index].isAdded = isAdded }
        } else {
            added.append((role, isAdded))
        }
    }

    /// What tokenizer.json's post-processors add before, behind and between texts.
    private mutating func readTemplates(_ tokenizer: JSONValue, texts: inout [String: String]) {
        guard let first = tokenizer["post_processor"], first != .null else { return }
        let processors: [JSONValue]
        if case .array(let several) = first["processors"] { processors = several } else { processors = [first] }
        for processor in processors {
            switch processor["type"] {
            case "ByteLevel":
                setAdded("bos", false, overwrites: false)
                setAdded("eos", false, overwrites: false)
            case "TemplateProcessing": readTemplate(processor, texts: &texts)
            default: continue
            }
        }
    }

    private mutating func readTemplate(_ processor: JSONValue, texts: inout [String: String]) {
        func special(_ part: JSONValue?) -> String? { part?["SpecialToken"]?["id"]?.string }
        func sequence(_ part: JSONValue?) -> String? { part?["Sequence"]?["id"]?.string }
        func parts(_ member: String) -> [JSONValue] {
            if case .array(let parts) = processor[member] { parts } else { [] }
        }
        let single = parts("single")
        var (begin, end): (String?, String?)
        if single.count > 1 {
            begin = special(single.first)
            end = special(single.last)
        }
        if let begin {
            if texts["bos"] == nil { texts["bos"] = begin }
            setAdded("bos", begin == texts["bos"] || begin == texts["cls"])
        }
        if let end {
            texts["eos"] = end
            setAdded("eos", true)
        }
        var pair = parts("pair")[...]
        if let begin, special(pair.first) == begin { pair = pair.dropFirst() }
        if let end, special(pair.last) == end { pair = pair.dropLast() }
        guard sequence(pair.first) == "A", sequence(pair.last) == "B", pair.count > 2 else { return }
        let between = pair.dropFirst().dropLast().map(special)
        let separators = [texts["sep"], texts["eos"]].compactMap { $0 }
        let isSeparated =
            between.count == 2 && between[1].map(separators.contains) == true
            || end == nil && between.first?.map(separators.contains) == true
        setAdded("sep", isSeparated)
    }

    var metadata: [(String, Metadata.Value)] {
        ids.compactMap { role, id in
            Self.keys[role].map { ("tokenizer.ggml.\($0)_token_id", .uint32(UInt32(clamping: id))) }
        }
            + added.compactMap { role, isAdded in
                ["bos", "eos", "sep"].contains(role) ? ("tokenizer.ggml.add_\(role)_token", .bool(isAdded)) : nil
            }
    }
}
