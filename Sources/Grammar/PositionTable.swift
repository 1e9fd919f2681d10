/// Positions of a machine that came up, numbered, with the steps between them that were tried.
///
/// Walking a vocabulary asks for the same steps again and again; here each costs one look-up after the first time. The
/// table begins anew when it has grown too large.
struct PositionTable {
    typealias ID = Int32
    static let dead: ID = 0
    private static let unknown: ID = -1
    static let maxPositions = 4096
    static let maxConfigurations = 1 << 18

    let machine: Machine
    private var positions: [GrammarPosition] = []
    private var ids: [GrammarPosition: ID] = [:]
    private var steps: [ID] = []
    private var configurations = 0

    init(_ machine: Machine) {
        self.machine = machine
        clear()
    }

    var isFull: Bool { positions.count >= Self.maxPositions || configurations >= Self.maxConfigurations }

    subscript(id: ID) -> GrammarPosition { positions[Int(id)] }

    mutating func id(of position: GrammarPosition) -> ID {
        if let id = ids[position] { return id }
        let id = ID(positions.count)
        positions.append(position)
        ids[position] = id
        configurations += position.configurations.count
        steps.append(contentsOf: repeatElement(Self.unknown, count: 256))
        return id
    }

    /// Where a byte leads; `dead` where it cannot come.
    mutating func step(_ id: ID, _ byte: UInt8) -> ID {
        let place = Int(id) << 8 | Int(byte)
        let known = steps[place]
        guard known == Self.unknown else { return known }
        let (position, alike) = machine.step(positions[Int(id)], byte)
        let next = position.map { self.id(of: $0) } ?? Self.dead
        for byte in alike { steps[Int(id) << 8 | Int(byte)] = next }
        return next
    }

    /// Begins anew with these positions; gives their new numbers.
    mutating func reset(keeping kept: some Sequence<ID>) -> [ID] {
        let positions = kept.map { self[$0] }
        clear()
        return positions.map { id(of: $0) }
    }

    private mutating func clear() {
        positions = []
        ids = [:]
        steps = []
        configurations = 0
        _ = id(of: GrammarPosition(configurations: [], isAccepting: false))
    }
}
