/// Names of Python 2 as Python 3 reads them: its unpickler renames what a pickle of protocol 0 to 2 names.
///
///     63 63 6f 6d 6d 61 6e 64 73 0a 67 65 74 6f 75 74 70 75 74 0a     commands getoutput, which is subprocess.getoutput
///
/// Both names are checked, since either version may open the file. Source: the tables `IMPORT_MAPPING` and
/// `NAME_MAPPING`, to which the documentation of Python's `pickle` (`fix_imports`) refers.
enum PythonNames {
  /// A global as it is written, and as Python 3 would read it.
  static func readings(of global: Pickle.Global) -> [Pickle.Global] {
    let modern = modern(global)
    return modern == global ? [global] : [global, modern]
  }

  /// A global as Python 3 reads it.
  static func modern(_ global: Pickle.Global) -> Pickle.Global {
    if let renamed = names["\(global.module) \(global.name)"] { return renamed }
    if global.module == "exceptions" { return Pickle.Global(module: "builtins", name: global.name) }
    return modules[global.module].map { Pickle.Global(module: $0, name: global.name) } ?? global
  }

  private static let modules: [String: String] = [
    "__builtin__": "builtins", "copy_reg": "copyreg", "Queue": "queue", "SocketServer": "socketserver",
    "ConfigParser": "configparser", "repr": "reprlib", "markupbase": "_markupbase", "_winreg": "winreg",
    "thread": "_thread", "dummy_thread": "_dummy_thread", "_abcoll": "collections.abc", "cPickle": "pickle",
    "commands": "subprocess", "UserDict": "collections", "UserList": "collections", "UserString": "collections",
    "StringIO": "io", "cStringIO": "io", "test.test_support": "test.support", "_elementtree": "xml.etree.ElementTree",
    // The interface's toolkit.
    "Tkinter": "tkinter", "tkFileDialog": "tkinter.filedialog", "tkSimpleDialog": "tkinter.simpledialog",
    "tkColorChooser": "tkinter.colorchooser", "tkCommonDialog": "tkinter.commondialog", "Dialog": "tkinter.dialog",
    "Tkdnd": "tkinter.dnd", "tkFont": "tkinter.font", "tkMessageBox": "tkinter.messagebox",
    "ScrolledText": "tkinter.scrolledtext", "Tkconstants": "tkinter.constants", "Tix": "tkinter.tix",
    "ttk": "tkinter.ttk", "FileDialog": "tkinter.filedialog", "SimpleDialog": "tkinter.simpledialog",
    // Databases.
    "anydbm": "dbm", "whichdb": "dbm", "dbhash": "dbm.bsd", "dumbdbm": "dbm.dumb", "dbm": "dbm.ndbm",
    "gdbm": "dbm.gnu",
    // The network.
    "httplib": "http.client", "Cookie": "http.cookies", "cookielib": "http.cookiejar",
    "BaseHTTPServer": "http.server", "SimpleHTTPServer": "http.server", "CGIHTTPServer": "http.server",
    "xmlrpclib": "xmlrpc.client", "SimpleXMLRPCServer": "xmlrpc.server", "DocXMLRPCServer": "xmlrpc.server",
    "htmlentitydefs": "html.entities", "HTMLParser": "html.parser", "urlparse": "urllib.parse",
    "robotparser": "urllib.robotparser", "urllib2": "urllib.request",
  ]

  private static let names: [String: Pickle.Global] = [
    "__builtin__ xrange": .init(module: "builtins", name: "range"),
    "__builtin__ reduce": .init(module: "functools", name: "reduce"),
    "__builtin__ intern": .init(module: "sys", name: "intern"),
    "__builtin__ unichr": .init(module: "builtins", name: "chr"),
    "__builtin__ unicode": .init(module: "builtins", name: "str"),
    "__builtin__ basestring": .init(module: "builtins", name: "str"),
    "__builtin__ long": .init(module: "builtins", name: "int"),
    "itertools izip": .init(module: "builtins", name: "zip"),
    "itertools imap": .init(module: "builtins", name: "map"),
    "itertools ifilter": .init(module: "builtins", name: "filter"),
    "itertools ifilterfalse": .init(module: "itertools", name: "filterfalse"),
    "itertools izip_longest": .init(module: "itertools", name: "zip_longest"),
    "UserDict IterableUserDict": .init(module: "collections", name: "UserDict"),
    "whichdb whichdb": .init(module: "dbm", name: "whichdb"),
    "socket _socketobject": .init(module: "socket", name: "SocketType"),
    "_socket fromfd": .init(module: "socket", name: "fromfd"),
    "_multiprocessing Connection": .init(module: "multiprocessing.connection", name: "Connection"),
    "multiprocessing.process Process": .init(module: "multiprocessing.context", name: "Process"),
    "multiprocessing.forking Popen": .init(module: "multiprocessing.popen_fork", name: "Popen"),
    "urllib ContentTooShortError": .init(module: "urllib.error", name: "ContentTooShortError"),
    "urllib getproxies": .init(module: "urllib.request", name: "getproxies"),
    "urllib pathname2url": .init(module: "urllib.request", name: "pathname2url"),
    "urllib url2pathname": .init(module: "urllib.request", name: "url2pathname"),
    "urllib urlcleanup": .init(module: "urllib.request", name: "urlcleanup"),
    "urllib urlopen": .init(module: "urllib.request", name: "urlopen"),
    "urllib urlretrieve": .init(module: "urllib.request", name: "urlretrieve"),
    "urllib quote": .init(module: "urllib.parse", name: "quote"),
    "urllib quote_plus": .init(module: "urllib.parse", name: "quote_plus"),
    "urllib unquote": .init(module: "urllib.parse", name: "unquote"),
    "urllib unquote_plus": .init(module: "urllib.parse", name: "unquote_plus"),
    "urllib urlencode": .init(module: "urllib.parse", name: "urlencode"),
    "urllib2 HTTPError": .init(module: "urllib.error", name: "HTTPError"),
    "urllib2 URLError": .init(module: "urllib.error", name: "URLError"),
  ]
}
