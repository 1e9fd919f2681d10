import Batches
import OpenAI

/// The form of an upload: its file goes to disk as it comes in, whatever field comes first.
struct FileForm {
    private let store: FileStore
    private var parser: MultipartParser
    private var upload: FileUpload?
    private var filename = ""
    private var purpose: [UInt8]?
    private var part = Part.none

    private enum Part {
        case none, file, purpose, unknown
    }

    private static let longestFilename = 512
    private static let longestField = 256

    init(boundary: String, store: FileStore) {
        self.store = store
        parser = MultipartParser(boundary: boundary)
    }

    /// Throws: `APIError`.
    mutating func take(_ chunk: some Sequence<UInt8>) throws(APIError) {
        let events: [MultipartParser.Event]
        do { events = try parser.take(chunk) } catch { throw .invalid(error.description) }
        for event in events {
            switch event {
            case .part(let part): try begin(part)
            case .content(let bytes): try add(bytes)
            case .end: part = .none
            }
        }
    }

    private mutating func begin(_ new: MultipartPart) throws(APIError) {
        switch new.name {
        case "file":
            guard let name = new.filename else {
                throw .invalid("`file` has no filename, so it is no file.", param: "file")
            }
            guard upload == nil else {
                throw .invalid("`file` is there twice. Send one file at a time.", param: "file")
            }
            guard name.utf8.count <= Self.longestFilename else {
                throw .invalid("`file` has a filename of more than \(Self.longestFilename) bytes.", param: "file")
            }
            filename = name
            upload = try FileUpload(to: store)
            part = .file
        case "purpose":
            guard purpose == nil else { throw .invalid("`purpose` is there twice.", param: "purpose") }
            purpose = []
            part = .purpose
        case let name where name.hasPrefix("expires_after"):
            throw .invalid(
                "`expires_after` is not supported: files stay until they are deleted. Leave it out.",
                param: "expires_after")
        default: part = .unknown
        }
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>) throws(APIError) {
        switch part {
        case .file: try upload?.write(bytes)
        case .purpose:
            purpose?.append(contentsOf: bytes)
            guard (purpose?.count ?? 0) <= Self.longestField else {
                throw .invalid("`purpose` is no purpose. Send batch.", param: "purpose")
            }
        case .unknown, .none:
            // passed over, as unknown members are everywhere
            break
        }
    }

    /// Throws: `APIError` where something is missing.
    func finish() async throws(APIError) -> StoredFile {
        do { try parser.finish() } catch { throw .invalid(error.description) }
        guard let upload else { throw .invalid("`file` is missing, and it is required.", param: "file") }
        guard let purpose else {
            throw .invalid("`purpose` is missing, and it is required. Send batch.", param: "purpose")
        }
        let name = String(decoding: purpose, as: UTF8.self)
        guard name == StoredFile.Purpose.batch.rawValue else {
            throw .invalid(
                """
                `purpose` is \(APIError.shown(name)), and batch is the only one here: assistants, fine-tune, vision, \
                user_data and evals are for services that Carat does not have.
                """, param: "purpose")
        }
        guard upload.bytes > 0 else { throw .invalid("`file` is empty.", param: "file") }
        return try await upload.finish(filename: filename, purpose: .batch)
    }
}
