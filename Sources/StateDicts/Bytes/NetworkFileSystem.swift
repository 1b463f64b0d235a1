#if canImport(Darwin)
  import Darwin
#else
  import CPth2swtLinux
#endif

/// How the bytes of a file are read.
package enum FileAccess: Sendable {
  /// Mapped, unless it lies on another machine or in another program.
  case automatic
  case mapped
  /// In blocks, as they are needed.
  case unmapped
  /// At once, into memory.
  case copy
}

/// File systems whose files can be changed by other machines or programs, or whose server can go away: touching a mapped page
/// then ends the process with SIGBUS.
enum NetworkFileSystem {
  /// Whether an open file lies on one.
  ///
  /// The corresponding C function is `fstatfs`.
  static func holds(_ descriptor: Int32) -> Bool {
    var status = statfs()
    guard unsafe fstatfs(descriptor, &status) == 0 else { return false }
    #if canImport(Darwin)
      return status.f_flags & UInt32(MNT_LOCAL) == 0
    #else
      return types.contains(UInt32(truncatingIfNeeded: status.f_type))
    #endif
  }

  /// Source: Linux's `magic.h`, and the sources of Lustre, GPFS and BeeGFS.
  static let types: Set<UInt32> = [
    0x6969,  // NFS
    0x517B, 0xFF53_4D42, 0xFE53_4D42,  // SMB, CIFS
    0x0102_1997,  // 9P
    0x00C3_6400,  // Ceph
    0x5346_414F, 0x6B41_4653,  // AFS
    0x6573_5546,  // FUSE: sshfs, s3fs, gcsfuse, rclone …
    0x7375_7245,  // Coda
    0x0BD0_0BD0,  // Lustre
    0x4750_4653,  // GPFS
    0x1983_0326,  // BeeGFS
    0x0116_1970,  // GFS2
    0x7461_636F,  // OCFS2
    0x786F_4256,  // vboxsf
  ]
}
