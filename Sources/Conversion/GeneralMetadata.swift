internal import GGUF
internal import JSON

/// The general.* pairs: name, origin and licence, from the model card, config.json and the folder's name.
///
/// Source: the order and the rules of llama.cpp's converter.
struct GeneralMetadata {
    private let card: ModelCard
    private let generation: JSONValue?
    private let parameters: Int
    private var id: ModelID

    /// Throws: ``ConversionError``.
    init(_ folder: HuggingFaceFolder, config: JSONValue, parameters: Int) throws(ConversionError) {
        card = ModelCard(try folder.text("README.md") ?? "")
        generation = try folder.json("generation_config.json")
        self.parameters = parameters
        id = ModelID(folder.name, parameters: parameters)
        var name = id.fullName.map(ModelID.title)
        var organization = id.organization.map(ModelID.title)
        // more than one slash is a path on the disk of whoever saved the model
        if let origin = config["_name_or_path"]?.string, !origin.isEmpty, origin.count(where: { $0 == "/" }) <= 1 {
            let other = ModelID(origin, parameters: parameters)
            name = other.fullName.map(ModelID.title) ?? name
            organization = other.organization.map(ModelID.title) ?? organization
            id.basename = other.basename ?? id.basename
            id.finetune = other.finetune ?? id.finetune
            id.version = other.version ?? id.version
            id.sizeLabel = other.sizeLabel ?? id.sizeLabel
        }
        id.fullName = name
        id.organization = organization
    }

    var metadata: [(String, Metadata.Value)] {
        var pairs = sampling
        func add(_ key: String, _ text: String?) {
            if let text, !text.isEmpty { pairs.append(("general." + key, .string(ByteString(text)))) }
        }
        func card(_ keys: String...) -> String? { keys.lazy.compactMap { self.card.text($0) }.first }
        add("name", card("name", "model_name") ?? id.fullName)
        add("author", card("author", "model_author", "model_creator"))
        add("version", card("version", "model_version") ?? id.version)
        add("organization", card("organization", "model_organization") ?? id.organization)
        add("finetune", card("finetune", "model_finetune") ?? id.finetune)
        add("basename", card("basename", "model_basename", "model_type") ?? id.basename)
        add("description", card("description", "model_description"))
        add("size_label", card("size_label", "model_size_label") ?? id.sizeLabel ?? Self.sizeLabel(parameters))
        for key in ["license", "license_name", "license_link"] {
            add(key.replacing("_", with: "."), card(key))
        }
        add("source.url", card("url", "model_url"))
        add("source.doi", card("doi", "model_doi"))
        add("source.uuid", card("uuid", "model_uuid"))
        add("source.repo_url", card("repo_url", "model_repo_url"))
        pairs += origins("base_model", ["base_model", "base_models", "base_model_sources"])
        pairs += origins("dataset", ["datasets", "dataset", "dataset_sources"])
        for (key, sources) in [("tags", ["tags", "pipeline_tag"]), ("languages", ["languages", "language"])] {
            let texts = sources.flatMap { self.card.list($0) ?? [] }
            if !texts.isEmpty { pairs.append(("general." + key, .array(ArrayValue(texts)))) }
        }
        return pairs
    }

    /// What models and data this one was made from: hub names or addresses.
    private func origins(_ key: String, _ sources: [String]) -> [(String, Metadata.Value)] {
        guard let names = sources.lazy.compactMap({ card.list($0) }).first else { return [] }
        var pairs: [(String, Metadata.Value)] = [("general.\(key).count", .uint32(UInt32(clamping: names.count)))]
        for (index, name) in names.enumerated() {
            func add(_ member: String, _ text: String?) {
                guard let text, !text.isEmpty else { return }
                pairs.append(("general.\(key).\(index).\(member)", .string(ByteString(text))))
            }
            let hub = name.wholeMatch(of: /https?:\/\/huggingface.co\/([^\/]+\/[^\/]+)/).map { String($0.1) }
            let isAddress = ["http://", "https://", "ssh://"].contains { name.hasPrefix($0) }
            let id = isAddress ? hub.map { ModelID($0, parameters: parameters) } : ModelID(name, parameters: parameters)
            add("name", id?.fullName.map(ModelID.title))
            add("version", id?.version)
            add("organization", id?.organization.map(ModelID.title))
            if isAddress {
                add("repo_url", name)
            } else if let id, let organization = id.organization, let fullName = id.fullName {
                add("repo_url", "https://huggingface.co/\(organization)/\(fullName)")
            }
        }
        return pairs
    }

    /// How the model's makers would have it drawn from.
    private var sampling: [(String, Metadata.Value)] {
        let members: [(String, [String], isWhole: Bool)] = [
            ("top_k", ["top_k"], true), ("top_p", ["top_p"], false), ("min_p", ["min_p"], false),
            ("xtc_probability", ["xtc_probability"], false), ("xtc_threshold", ["xtc_threshold"], false),
            ("temp", ["temperature"], false), ("penalty_last_n", ["penalty_last_n"], true),
            ("penalty_repeat", ["penalty_repeat", "repetition_penalty"], false), ("mirostat", ["mirostat"], true),
            ("mirostat_tau", ["mirostat_tau"], false), ("mirostat_eta", ["mirostat_eta"], false),
        ]
        var pairs: [(String, Metadata.Value)] = []
        if let sequence = generation?["sequence"]?.string {
            pairs.append(("general.sampling.sequence", .string(ByteString(sequence))))
        }
        for (key, sources, isWhole) in members {
            guard let value = sources.lazy.compactMap({ generation?[$0] }).first else { continue }
            if isWhole, let number = value.wholeNumber.flatMap(Int32.init(exactly:)) {
                pairs.append(("general.sampling." + key, .int32(number)))
            } else if !isWhole, let number = value.double {
                pairs.append(("general.sampling." + key, .float32(Float(number))))
            }
        }
        return pairs
    }

    /// 2_506_172_416 is "2.5B", 12_000_000_000 is "12B": at least two digits.
    static func sizeLabel(_ parameters: Int) -> String {
        let (scale, suffix) =
            switch parameters {
            case let n where n > 1_000_000_000_000: (1_000_000_000_000, "T")
            case let n where n > 1_000_000_000: (1_000_000_000, "B")
            case let n where n > 1_000_000: (1_000_000, "M")
            default: (1_000, "K")
            }
        func rounded(by unit: Int) -> Int {
            let (quotient, rest) = parameters.quotientAndRemainder(dividingBy: unit)
            return quotient + (2 * rest > unit || 2 * rest == unit && quotient % 2 == 1 ? 1 : 0)
        }
        let whole = rounded(by: scale)
        if whole >= 10 { return "\(whole)\(suffix)" }
        if whole > 0 {
            let tenths = rounded(by: scale / 10)
            return "\(tenths / 10).\(tenths % 10)\(suffix)"
        }
        let hundredths = rounded(by: scale / 100)
        return "0.\(hundredths < 10 ? "0" : "")\(hundredths)\(suffix)"
    }
}
