import Batches
import Engine
import Gemma
import Logging
import OpenAI

/// The files and batches of a server, or why it has none.
struct BatchService: Sendable {
    private let state: Result<(files: FileStore, queue: BatchQueue), APIError>

    /// Batch lines stand behind all interactive requests.
    private static let priority = 100

    init(
        _ gemma: GemmaModel, served model: ServedModel, runner: RequestRunner, fingerprint: String,
        settings: ServerSettings
    ) {
        guard let path = settings.filesFolder else {
            state = .failure(.noFiles("it was started without a folder for them. Start it with --files-dir."))
            return
        }
        let folder: FileFolder
        do throws(FolderError) {
            folder = try FileFolder(path)
        } catch {
            settings.logger.warning("no files and batches: \(error)")
            state = .failure(.noFiles("\(error)"))
            return
        }
        let files = FileStore(folder, limits: FileStore.Limits(total: settings.filesLimit))
        var answers = AnswerSettings(modelName: model.displayName)
        answers.priority = Self.priority
        let options = answers.optionsHash(gemma, context: model.context, fingerprint: fingerprint)
        var queue = BatchQueue.Settings(options: options, logger: settings.logger)
        queue.concurrency = settings.batchLines
        let metrics = runner.metrics
        queue.count = { metrics.batchLines(completed: $0, failed: $1) }
        let answerer = EngineAnswerer(runner.engine, model: model, settings: answers)
        state = .success((files, BatchQueue(files, answerer: answerer, settings: queue)))
    }

    /// nil where there are none.
    var queue: BatchQueue? { try? state.get().queue }

    /// Throws: `APIError` with status 503 where there are none.
    func files() throws(APIError) -> FileStore { try state.get().files }

    /// Throws: `APIError` with status 503 where there are none.
    func batches() throws(APIError) -> BatchQueue { try state.get().queue }
}
