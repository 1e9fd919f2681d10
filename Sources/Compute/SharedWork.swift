/// Work that a thread team shares out in chunks.
///
/// An object is kept from call to call, so that a parallel region takes no memory: a decode step has some ninety of them.
class SharedWork {
    /// Does one chunk; chunks may run at the same time. `worker` selects scratch memory that no other running chunk uses.
    func run(chunk: Int, worker: Int) {
        preconditionFailure("no work")
    }
}

/// A closure as work, for regions that are few or large.
final class ClosureWork: SharedWork {
    private let body: (_ chunk: Int, _ worker: Int) -> Void

    init(_ body: @escaping (_ chunk: Int, _ worker: Int) -> Void) {
        self.body = body
    }

    override func run(chunk: Int, worker: Int) { body(chunk, worker) }
}
