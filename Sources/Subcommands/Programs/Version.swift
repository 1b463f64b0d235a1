/// The version of pth2swt, as `--version` prints it.
package let version = "0.1.0"
