import Foundation
import StateDicts

/// What the operating system said, in plain words.
struct SystemFailure {
  let number: CInt

  init(_ number: CInt) {
    self.number = number
  }

  /// What to do about a cache folder that is not writable.
  static let otherFolder = "set TORCH_HOME (for hf:// addresses HF_HOME) to a writable folder"

  /// The error to throw; `otherwise` is the code where the number tells nothing special.
  func error(file: String, otherwise code: CheckpointError.Code = .inputOutput) -> CheckpointError {
    switch number {
    case ENOSPC, EDQUOT:
      return CheckpointError(
        .cannotCreate, "The disk is full.", file: file,
        remedy: "free some space and try again: the download resumes")
    case EACCES, EPERM, EROFS:
      if code == .notReadable { break }
      return CheckpointError(
        .cannotCreate, "The cache folder is not writable.", file: file,
        remedy: Self.otherFolder)
    case ENAMETOOLONG:
      return CheckpointError(.cannotCreate, "The file name is too long.", file: file, remedy: "use a shorter name")
    default: break
    }
    let reason = NSError(domain: NSPOSIXErrorDomain, code: Int(number)).localizedDescription
    return CheckpointError(code, "File system error: \(reason).", file: file)
  }
}
