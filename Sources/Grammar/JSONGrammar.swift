public import JSON
internal import Synchronization

/// What a text must be: JSON that satisfies a schema.
///
/// Understood are `type` (one or several), `properties`, `required`, `additionalProperties`, `items`, `prefixItems`,
/// `minItems`, `maxItems`, `minLength`, `maxLength`, `format` (date, time, date-time, uuid, ipv4), `minimum`, `maximum`,
/// `exclusiveMinimum`, `exclusiveMaximum`, `enum`, `const`, `anyOf`, `allOf` of one schema, and `$ref` to
/// `#`, `#/$defs/NAME` and `#/definitions/NAME`, also recursively. Annotations such as `title` limit nothing. Any other
/// keyword is refused by name.
///
/// Texts are a part of what satisfies the schema: properties come in their order in the schema, those not listed only
/// where none is, white space is short, numbers have at most 18 digits before and after the point, and nothing is
/// nested deeper than 64 levels. A member of an object without listed properties may come twice.
public final class JSONGrammar: Sendable {
    private let machine: Machine
    private let runtime: Mutex<Runtime>
    /// Where texts begin.
    public let beginning: GrammarPosition

    private struct Runtime {
        var table: PositionTable
        var masks: MaskCache
    }

    /// Throws: `GrammarError` naming the place in the schema.
    public init(schema: JSONValue) throws(GrammarError) {
        machine = try SchemaCompiler.machine(for: schema)
        beginning = machine.beginning
        runtime = Mutex(Runtime(table: PositionTable(machine), masks: MaskCache()))
    }

    /// What its size in memory goes with.
    package var stateCount: Int { machine.states.count }

    /// The place after `bytes`; nil where they cannot come.
    public func position(after position: GrammarPosition, _ bytes: some Sequence<UInt8>) -> GrammarPosition? {
        runtime.withLock { runtime in
            if runtime.table.isFull { _ = runtime.table.reset(keeping: []) }
            var id = runtime.table.id(of: position)
            for byte in bytes {
                id = runtime.table.step(id, byte)
                if id == PositionTable.dead { return nil }
            }
            return runtime.table[id]
        }
    }

    /// The place after a token; nil where it cannot come, as none without text can.
    public func position(
        after position: GrammarPosition, token: Int, in vocabulary: VocabularyIndex
    ) -> GrammarPosition? {
        let piece = vocabulary.piece(token)
        return piece.isEmpty ? nil : self.position(after: position, piece)
    }

    /// The tokens that can come next.
    public func tokens(after position: GrammarPosition, in vocabulary: VocabularyIndex) -> TokenMask {
        runtime.withLock { runtime in
            if let mask = runtime.masks.find(position, vocabulary) { return mask }
            let mask = runtime.table.mask(position, vocabulary)
            runtime.masks.add(mask, position, vocabulary)
            return mask
        }
    }
}

extension JSONGrammar: Equatable {
    /// Whether both take the same texts in the same ways.
    public static func == (one: JSONGrammar, other: JSONGrammar) -> Bool {
        one === other || one.machine == other.machine
    }
}
