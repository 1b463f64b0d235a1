/// What `DangerousGlobals` goes by, by kind: modules in whole where nothing of them belongs into a checkpoint, single
/// names where a module also has what checkpoints do hold.
///
/// Made by going through the standard libraries of Python 2.7 and 3.8 to 3.14, private and test modules included, and
/// through the packages named here, for every function that runs code or a process, opens a file or a socket, or loads
/// code, pickles or YAML. Not listed, since real checkpoints hold them and they do nothing by themselves: `getattr`,
/// `map`, `functools.partial`, `operator.attrgetter`, `copyreg._reconstructor`, `logging.getLogger`, configuration
/// parsers, results of `urllib.parse`.
extension DangerousGlobals {
  /// Modules, classes and functions, each with all that is under it.
  static let list: Set<String> = words(
    processes, code, pickles, files, network, interpreter, builtins, numerics, torch, frameworks, services)

  private static func words(_ texts: String...) -> Set<String> {
    Set(texts.joined(separator: "\n").split(whereSeparator: \.isWhitespace).map(String.init))
  }

  // MARK: - The standard libraries of Python 2 and 3

  private static let processes = """
    os os2 posix nt ce riscos _osx_support _aix_support _bootsubprocess subprocess _posixsubprocess commands popen2
    posixfile pty pipes sched multiprocessing _multiprocessing _posixshmem concurrent.futures asyncio _asyncio asyncore
    asynchat _overlapped _winapi _winreg winreg msvcrt winsound msilib _msi _interpreters _xxsubinterpreters
    _xxinterpchannels _interpchannels _interpqueues interpreters test.support test.libregrtest test.regrtest
    test.script_helper test.test_support test.__main__ platform threading.Thread threading.Timer
    threading._start_new_thread threading.settrace threading.setprofile threading.excepthook _thread.start_new
    _thread.start_new_thread _thread.start_joinable_thread thread.start_new thread.start_new_thread signal.signal
    signal.raise_signal signal.pthread_kill signal.alarm signal.setitimer signal.siginterrupt signal.pause
    signal.sigwait signal.sigtimedwait signal.pidfd_send_signal signal.set_wakeup_fd _signal atexit weakref.finalize
    resource uuid._popen uuid._get_command_stdout uuid._find_mac uuid._find_mac_near_keyword
    uuid._find_mac_under_heading uuid._ip_getter uuid._arp_getnode uuid._arp_getter uuid._lanscan_getter
    uuid._netstat_getter uuid._ipconfig_getter uuid._ifconfig_getter uuid._netbios_getter uuid._windll_getter
    uuid._unix_getter uuid._random_getter uuid._load_system_functions uuid.getnode uuid.uuid1 webbrowser antigravity
    this turtle turtledemo idlelib _pyrepl lib2to3 tkinter _tkinter Tkinter tkFileDialog FileDialog Tix curses _curses
    _curses_panel readline rlcompleter nturl2path macpath MacOS Carbon aepack aetools macostools findertools EasyDialogs
    FrameWork applesingle os2emxpath sunau sunaudio ossaudiodev linuxaudiodev
    """

  private static let code = """
    code.interact code.InteractiveConsole code.InteractiveInterpreter code.compile_command codeop compiler compileall
    py_compile runpy importlib _frozen_importlib _frozen_importlib_external _imp imp ihooks imputil zipimport pkgutil
    modulefinder site sitecustomize usercustomize _sitebuiltins sysconfig _sysconfig distutils ensurepip venv pip
    pkg_resources easy_install zipapp pydoc doctest unittest pdb bdb _pdb cProfile _lsprof profile.run profile.runctx
    profile.Profile profile.main hotshot pstats timeit trace.Trace trace.main trace.CoverageResults test.test_importlib
    cgitb rexec Bastion new.function new.code new.instancemethod new.classobj new.module ctypes _ctypes _ctypes_test
    cffi _cffi_backend _testcapi _testinternalcapi _testmultiphase dl dis inspect.getattr_static
    inspect._signature_fromstr inspect._main inspect.get_annotations inspect.currentframe inspect.stack
    inspect.getsource inspect.getsourcelines inspect.getsourcefile inspect.findsource inspect.getinnerframes
    inspect.getouterframes typing.get_type_hints typing.ForwardRef typing.evaluate_forward_ref annotationlib
    dataclasses.make_dataclass dataclasses._create_fn gettext types.FunctionType types.LambdaType types.CodeType
    types.ModuleType types.FrameType functools.reduce _functools.reduce operator.methodcaller _operator.methodcaller
    operator.call _operator.call operator.__call__ enum.reduce statistics.reduce operator.attrcall operator.isCallable
    cmd.Cmd logging.config logging.handlers logging.FileHandler logging.basicConfig xmlrpc SimpleXMLRPCServer
    DocXMLRPCServer wsgiref cgi mailcap symtable _symtable encodings.search_function warnings._getcategory xxlimited
    __phello__ __hello__
    """

  private static let pickles = """
    pickle _pickle cPickle pickletools marshal shelve copyreg.add_extension copyreg.remove_extension copyreg.pickle
    copyreg.constructor copyreg.dispatch_table copyreg._extension_registry copyreg._inverted_registry
    copyreg._extension_cache copy_reg.add_extension copy_reg.pickle copy_reg.constructor copy_reg.dispatch_table pickle5
    zodbpickle cloudpickle dill klepto jsonpickle jsonpickle3 joblib hickle compress_pickle pickleshare yaml _yaml
    ruamel.yaml.YAML ruamel.yaml.main ruamel.yaml.load ruamel.yaml.unsafe_load ruamel.yaml.round_trip_load
    ruamel.yaml.constructor ruamel_yaml srsly serpent msgpack_numpy plistlib
    """

  private static let files = """
    posixpath ntpath genericpath getpass argparse.FileType shutil _shutil tempfile fileinput filecmp glob linecache
    netrc mimetypes mailbox mhlib codecs.open codecs.EncodedFile io.open io.open_code io.FileIO io.OpenWrapper _io.open
    _io.open_code _io.FileIO _pyio pathlib pathlib2 zipfile tarfile gzip bz2 lzma compression zstandard dbm _dbm _gdbm
    gdbm anydbm dbhash dumbdbm whichdb bsddb _bsddb bsddb3 sqlite3 _sqlite3 sndhdr imghdr aifc wave chunk uu quopri.main
    base64.main mmap fcntl _locale.bindtextdomain termios tty crypt pwd grp spwd nis syslog dircache statvfs macurl2path
    multifile toaiff xml.sax xml.dom xml.etree.ElementTree.parse xml.etree.ElementTree.iterparse xml.etree.cElementTree
    xml.parsers.expat xml.etree.ElementInclude pyexpat tabnanny pyclbr tokenize.open zoneinfo._common.load_tzdata
    zoneinfo._tzpath ast.main json.tool contextlib.chdir
    """

  private static let network = """
    socket _socket ssl _ssl select selectors socketserver SocketServer http.client http.server http.cookiejar httplib
    cookielib BaseHTTPServer CGIHTTPServer SimpleHTTPServer urllib.request urllib.robotparser urllib.urlopen
    urllib.urlretrieve urllib.URLopener urllib.FancyURLopener urllib.urlcleanup urllib.url2pathname urllib.pathname2url
    urllib.getproxies urllib.open_http urllib.open_file urllib2 robotparser xmlrpclib ftplib smtplib smtpd poplib
    imaplib nntplib telnetlib gopherlib
    """

  private static let interpreter = """
    sys gc faulthandler tracemalloc _tracemalloc _testconsole
    """

  private static let builtins = ["builtins", "__builtin__", "__builtins__"].map { module in
    """
    eval exec execfile compile open file input raw_input __import__ __build_class__ breakpoint globals locals vars
    setattr delattr reload apply exit quit help license credits copyright memoryview
    """.split(whereSeparator: \.isWhitespace).map { "\(module).\($0)" }.joined(separator: " ")
  }.joined(separator: "\n")

  // MARK: - numpy, scipy, pandas, scikit-learn, matplotlib, PIL

  private static let numerics = """
    numpy.load numpy.save numpy.savez numpy.savez_compressed numpy.savetxt numpy.loadtxt numpy.genfromtxt
    numpy.ndfromtxt numpy.mafromtxt numpy.recfromcsv numpy.recfromtxt numpy.fromfile numpy.fromregex numpy.memmap
    numpy.DataSource numpy.source numpy.lookfor numpy.info numpy.show_config numpy.show_runtime numpy.test numpy.testing
    numpy.f2py numpy.distutils numpy.ctypeslib numpy.conftest numpy.numarray numpy.compat.py3k numpy.compat.open_latin1
    numpy.compat.npy_load_module numpy.lib.npyio numpy.lib._npyio_impl numpy.lib.format numpy.lib._format_impl
    numpy.lib._datasource numpy.lib.DataSource numpy.lib.utils numpy.lib._utils_impl numpy.lib.load numpy.lib.save
    numpy.rec.fromfile numpy.core.memmap numpy.core.records.fromfile numpy.core.multiarray.fromfile
    numpy.core._multiarray_umath.fromfile numpy.core.function_base.add_newdoc numpy.core._methods numpy.core._internal
    numpy.core.numeric.fromfile numpy._core.memmap numpy._core.records.fromfile numpy._core.multiarray.fromfile
    numpy._core._multiarray_umath.fromfile numpy._core.function_base.add_newdoc numpy._core._methods
    numpy._core._internal numpy._core.numeric.fromfile numpy.ma.mrecords.openfile numpy.ma.mrecords.fromtextfile
    numpy.random._examples numpy.__config__.show scipy.io scipy.datasets scipy.misc scipy.weave scipy.conftest
    scipy.test scipy._build_utils scipy._lib._testutils scipy._lib._tmpdirs scipy._lib._ccallback scipy._lib._gcutils
    scipy._lib._uarray scipy._lib.uarray scipy._lib.array_api_compat scipy._lib.deprecation scipy._lib._bunch
    scipy._lib.pyprima scipy.LowLevelCallable scipy.sparse.load_npz scipy.sparse.save_npz scipy.sparse._matrix_io
    scipy.optimize._nonlin._nonlin_wrapper scipy.optimize.show_options scipy.optimize._optimize.show_options
    scipy.signal._support_alternative_backends scipy.ndimage._support_alternative_backends scipy.special._precompute
    scipy.special._mptestutils scipy.odr scipy.__config__.show pandas.io pandas.eval pandas.test pandas.testing
    pandas._testing pandas.util.testing pandas.util._tester pandas.util._print_versions pandas.show_versions
    pandas.conftest pandas.tests pandas.core.computation pandas.compat.pickle_compat pandas.compat._optional
    pandas.compat._cpu pandas._config.localization pandas.plotting._core._load_backend pandas.HDFStore pandas.ExcelFile
    pandas.ExcelWriter pandas.read_clipboard pandas.read_csv pandas.read_excel pandas.read_feather pandas.read_fwf
    pandas.read_gbq pandas.read_hdf pandas.read_html pandas.read_json pandas.read_orc pandas.read_parquet
    pandas.read_pickle pandas.read_sas pandas.read_spss pandas.read_sql pandas.read_sql_query pandas.read_sql_table
    pandas.read_stata pandas.read_table pandas.read_xml pandas.to_pickle polars.read_csv polars.scan_csv
    polars.read_parquet pyarrow.fs pyarrow.memory_map pyarrow.OSFile h5py.File h5py._hl.files tables.open_file netCDF4
    zarr.open zarr.storage openpyxl xlrd numexpr.evaluate numexpr.necompiler sklearn.datasets sklearn.utils._joblib
    sklearn.utils._testing sklearn.utils.testing sklearn.utils.fixes sklearn.utils.discovery
    sklearn.utils.estimator_checks sklearn._build_utils sklearn.conftest sklearn.show_versions
    sklearn.utils._show_versions sklearn.externals.array_api_compat sklearn.tree.export_graphviz sklearn.tree._export
    sklearn.utils._set_output.check_library_installed sklearn.utils._repr_html matplotlib.pyplot.savefig
    matplotlib.pyplot.imread matplotlib.pyplot.imsave matplotlib.image.imread matplotlib.image.imsave
    matplotlib.font_manager matplotlib.backends matplotlib.testing matplotlib.texmanager matplotlib.dviread
    matplotlib.animation matplotlib.cbook.get_sample_data matplotlib.sphinxext matplotlib.style.core matplotlib.rc_file
    PIL.Image.open PIL.ImageGrab PIL.ImageShow PIL.EpsImagePlugin PIL.ImageMath PIL.ImageFont PIL.ImageFile PIL.PSDraw
    PIL.GribStubImagePlugin PIL._util cv2.imread cv2.imwrite cv2.VideoCapture cv2.FileStorage imageio skimage.io
    skimage.data numba llvmlite Cython cython pyximport cppyy pythran sympy.parsing sympy.sympify sympy.core.sympify
    sympy.utilities.lambdify sympy.lambdify sympy.utilities.autowrap sympy.utilities._compilation sympy.printing.preview
    sympy.preview mpmath.eval
    """

  // MARK: - torch and its relatives

  private static let torch = """
    torch.load torch.save torch.compile torch.ops.load_library torch._ops.load_library torch._ops._Ops
    torch.classes.load_library torch._classes torch.hub torch.package torch.testing torch.onnx torch.multiprocessing
    torch.profiler torch.serialization torch.jit.load torch.jit.save torch.jit.jit_module_from_flatbuffer
    torch.jit.script torch.jit.trace torch.jit.trace_module torch.jit.CompilationUnit torch.jit._script.CompilationUnit
    torch.jit._script.script torch.jit._serialization torch.jit._recursive torch.jit.frontend torch.jit.annotations
    torch.jit.unsupported_tensor_ops torch.jit.supported_ops torch.jit.mobile torch.jit._trace torch.jit._fuser
    torch.jit._monkeytype_config torch._C.import_ir_module torch._C.import_ir_module_from_buffer
    torch._C._import_ir_module_from_package torch._C._load_for_lite_interpreter
    torch._C._load_for_lite_interpreter_from_buffer torch._C._load_mobile_module_from_file
    torch._C._load_jit_module_from_file torch._C.PyTorchFileReader torch._C.PyTorchFileWriter torch._C.CompilationUnit
    torch._C.ScriptModule torch._C._jit_pass_lint torch._C._create_function_from_trace torch._C._jit_script_compile
    torch._C._jit_compile torch._C._distributed_c10d.TCPStore torch._C._distributed_c10d.FileStore
    torch._C._distributed_rpc torch._C._functorch.CInterpreter torch._C._profiler torch._C._aoti torch._C._export
    torch.export.load torch.export.save torch.export.pt2_archive torch.export.experimental torch.export._unlift
    torch.export._draft_export torch.export.custom_ops torch._export torch._inductor torch._dynamo
    torch._functorch.compilers torch._functorch.benchmark_utils torch._functorch.fx_minifier
    torch._functorch._aot_autograd torch._functorch.aot_autograd torch._higher_order_ops.triton_kernel_wrap
    torch._higher_order_ops.invoke_leaf_function torch._library.fake_profile torch._library.infer_schema torch._lazy
    torch._logging torch._native torch._numpy.testing torch._strobelight torch._vendor.quack torch._appdirs
    torch._guards torch._utils_internal torch._utils._import_dotted_name torch._utils.try_import
    torch._utils._augment_memory_snapshot_stack_traces torch._import_utils torch._deploy torch._sources
    torch._preload_cuda_lib torch._load_global_deps torch._namedtensor_internals.eval torch.nn.utils._deprecation_utils
    torch.nn.attention._fa3 torch.nn.attention._fa4 torch.numa torch.fx._graph_pickler torch.fx._lazy_graph_module
    torch.fx.graph_module.reduce_graph_module torch.fx.graph_module.reduce_package_graph_module
    torch.fx.graph_module.reduce_deploy_graph_module torch.fx.graph_module._exec_with_source
    torch.fx.graph_module._forward_from_src torch.fx.graph_module._method_from_src
    torch.fx.graph_module._deserialize_graph_module torch.fx.graph_module._EvalCacheLoader
    torch.fx.experimental.rewriter torch.fx.experimental.symbolic_shapes torch.fx.experimental.debug
    torch.fx.experimental.validator torch.fx.experimental.recording torch.fx.passes.graph_drawer
    torch.fx.passes.splitter_base.NodeEventTracker torch.fx.experimental.proxy_tensor.fake_signature
    torch.fx.operator_schemas torch.fx.traceback torch.autograd.profiler.parse_nvprof_trace
    torch.autograd.profiler.load_nvprof torch.autograd.profiler_util torch.backends.xeon torch.backends._coreml
    torch.cuda._compile_kernel torch.cuda._utils torch.cuda._memory_viz torch.cuda._annotate_cuda_graph_trace
    torch.cuda.gds torch.cuda.tunable torch.cuda.jiterator torch.cuda.memory.CUDAPluggableAllocator
    torch.cuda.CUDAPluggableAllocator torch.cuda.memory._dump_snapshot torch.cuda.memory._save_segment_usage
    torch.cuda.memory._save_memory_usage torch.xpu.memory.XPUPluggableAllocator torch.xpu.memory._dump_snapshot
    torch.sparse._triton_ops_meta torch.utils.backend_registration._setup torch.utils.benchmark torch.utils.bottleneck
    torch.utils.collect_env torch.utils.cpp_extension torch.utils._cpp_extension_versioner
    torch.utils._cpp_embed_headers torch.utils._config_module torch.utils._content_store torch.utils._freeze
    torch.utils._get_clean_triton torch.utils._import_utils torch.utils._strobelight torch.utils._traceback
    torch.utils._triton torch.utils._pytree._defaultdict_deserialize torch.utils._pytree.enum_object_hook
    torch.utils._pytree.treespec_loads torch.utils._sympy.interp torch.utils.data._utils.worker
    torch.utils.data._utils.pin_memory torch.utils.data.datapipes torch.utils.data.graph
    torch.utils.data.dataloader._MultiProcessingDataLoaderIter torch.utils.dlpack.from_file torch.utils.ffi
    torch.utils.file_baton torch.utils.hipify torch.utils.jit torch.utils.model_dump torch.utils.model_zoo
    torch.utils.show_pickle torch.utils.tensorboard torch.utils.throughput_benchmark torch.utils.viz
    torch.distributed.run torch.distributed.launch torch.distributed.launcher torch.distributed.elastic
    torch.distributed.rpc torch.distributed.nn torch.distributed.rendezvous torch.distributed.debug
    torch.distributed.flight_recorder torch.distributed._serialization torch.distributed._local_tensor
    torch.distributed._tools torch.distributed.tensor.debug torch.distributed._symmetric_memory._nvshmem_triton
    torch.distributed.optim.zero_redundancy_optimizer._broadcast_object torch.distributed.pipelining.schedules
    torch.distributed.init_process_group torch.distributed.broadcast_object_list torch.distributed.all_gather_object
    torch.distributed.gather_object torch.distributed.scatter_object_list torch.distributed.recv_object_list
    torch.distributed.TCPStore torch.distributed.FileStore torch.distributed.HashStore
    torch.distributed.distributed_c10d._tensor_to_object torch.distributed.distributed_c10d._object_to_tensor
    torch.distributed.distributed_c10d.init_process_group torch.distributed.distributed_c10d.broadcast_object_list
    torch.distributed.distributed_c10d.all_gather_object torch.distributed.distributed_c10d.gather_object
    torch.distributed.distributed_c10d.scatter_object_list torch.distributed.distributed_c10d.recv_object_list
    torch.distributed.distributed_c10d.pickle torch.distributed.checkpoint.load torch.distributed.checkpoint.save
    torch.distributed.checkpoint.load_state_dict torch.distributed.checkpoint.save_state_dict
    torch.distributed.checkpoint.async_save torch.distributed.checkpoint.FileSystemReader
    torch.distributed.checkpoint.FileSystemWriter torch.distributed.checkpoint.filesystem.FileSystemReader
    torch.distributed.checkpoint.filesystem.FileSystemWriter torch.distributed.checkpoint.filesystem.FileSystem
    torch.distributed.checkpoint.filesystem._FileSystemWriter torch.distributed.checkpoint.filesystem._write_item
    torch.distributed.checkpoint.filesystem._write_files_from_queue torch.distributed.checkpoint.default_planner
    torch.distributed.checkpoint.format_utils torch.distributed.checkpoint.state_dict_loader
    torch.distributed.checkpoint.state_dict_saver torch.distributed.checkpoint.staging
    torch.distributed.checkpoint._pg_transport torch.distributed.checkpoint._experimental
    torch.distributed.checkpoint._consolidate_hf_safetensors torch.distributed.checkpoint._async_process_executor
    torch.distributed.checkpoint.hf_storage torch.distributed.checkpoint.quantized_hf_storage
    torchvision.models.get_weight torchvision.models._api.get_weight torchvision.io torchvision.datasets
    torchvision.extension torchvision._internally_replaced_utils torchvision.prototype.datasets torchaudio.load
    torchaudio.save torchaudio.utils torchaudio._extension torchaudio.backend torchaudio.datasets torchtext.utils
    torchtext.datasets torchdata torch_xla.core.xla_model.save torch_xla.utils.serialization torch_npu.npu.mstx
    torchsnapshot torchserve ts.torch_handler tensorboard tensorboardX visdom functorch.compile triton
    safetensors.torch.load_file safetensors.torch.save_file safetensors.safe_open safetensors.numpy.load_file
    """

  // MARK: - Frameworks of machine learning

  private static let frameworks = """
    keras.models.load_model keras.models.model_from_json keras.models.model_from_yaml keras.models.model_from_config
    keras.saving keras.src.saving keras.layers.Lambda keras.layers.core.Lambda keras.layers.core.lambda_layer
    keras.src.layers.core.lambda_layer keras.layers.deserialize keras.utils.get_file keras.utils.data_utils
    keras.utils.io_utils keras.utils.file_utils keras.src.utils.file_utils keras.utils.generic_utils
    keras.utils.python_utils keras.src.utils.python_utils keras.src.legacy keras.engine.saving keras.src.engine
    keras.config keras.src.trainers.data_adapters tf_keras.models tf_keras.saving tf_keras.src.saving tensorflow.io
    tensorflow.data tensorflow.raw_ops tensorflow.saved_model tensorflow.load_library tensorflow.load_op_library
    tensorflow.py_function tensorflow.numpy_function tensorflow.keras.models tensorflow.keras.utils.get_file
    tensorflow.keras.layers.Lambda tensorflow.python.lib.io tensorflow.python.platform
    tensorflow.python.framework.load_library tensorflow.python.ops.io_ops tensorflow.python.ops.gen_io_ops
    tensorflow.python.ops.script_ops tensorflow.python.saved_model tensorflow.python.eager.context
    tensorflow.python.debug tensorflow.python.tools tensorflow.python.distribute tensorflow.compat.v1.gfile
    tensorflow.gfile tensorflow.contrib tensorflow_hub tensorflow_datasets onnx.load onnx.external_data_helper onnx.hub
    onnxruntime.InferenceSession coremltools.models.MLModel paddle.load paddle.save paddle.jit paddle.utils
    paddle.framework.io jax.experimental.compilation_cache jax.export flax.training.checkpoints orbax mxnet.nd.load
    mxnet.ndarray.load mxnet.library mxnet.test_utils theano catboost.CatBoost.load_model lightgbm.Booster
    xgboost.core.Booster.load_model chainer.serializers cntk transformers.pipeline transformers.pipelines
    transformers.dynamic_module_utils transformers.utils.hub transformers.utils.import_utils transformers.utils.notebook
    transformers.file_utils transformers.commands transformers.testing_utils transformers.tools transformers.agents
    transformers.onnx transformers.modeling_utils.load_state_dict
    transformers.models.auto.auto_factory.getattribute_from_module transformers.convert_graph_to_onnx
    transformers.hf_api transformers.deepspeed.subprocess transformers.trainer_utils.subprocess accelerate.commands
    accelerate.launchers accelerate.utils.launch accelerate.utils.other.load accelerate.utils.other.save
    accelerate.utils.deepspeed.subprocess accelerate.test_utils datasets.load datasets.load_dataset
    datasets.load_from_disk datasets.builder datasets.packaged_modules datasets.utils.file_utils
    diffusers.utils.dynamic_modules_utils diffusers.utils.hub_utils diffusers.loaders diffusers.utils.testing_utils
    huggingface_hub peft.utils.save_and_load sentence_transformers.util.http_get tokenizers.tools timm.models.hub
    timm.models._hub timm.models.helpers.load_checkpoint timm.models._helpers.load_state_dict evaluate.load gradio
    streamlit trl.scripts vllm openai anthropic langchain llama_index litellm lightning.app lightning_app
    lightning.fabric.utilities.cloud_io lightning_fabric.utilities.cloud_io lightning_fabric.strategies.launchers
    lightning.pytorch.cli pytorch_lightning.cli pytorch_lightning.utilities.cloud_io
    pytorch_lightning.strategies.launchers pytorch_lightning.core.saving pytorch_lightning.utilities.migration.utils
    jsonargparse hydra.utils hydra._internal hydra.main hydra.initialize hydra.compose hydra_zen
    omegaconf.OmegaConf.load omegaconf.OmegaConf.save mlflow wandb.init wandb.restore wandb.save wandb.sdk.launch
    wandb.sdk.wandb_init wandb.sdk.internal wandb.util clearml comet_ml neptune optuna.cli optuna.storages ray.remote
    ray.init ray.get ray.cloudpickle ray._private ray.job_submission ray.util.multiprocessing dask.distributed
    distributed.protocol.pickle dask.config dask.bytes dask.dataframe.io dask.base.collections_to_dsk pyspark
    deepspeed.launcher deepspeed.ops.op_builder deepspeed.runtime.checkpoint_engine fairseq.checkpoint_utils
    fairseq.file_utils fairseq.hub_utils fairseq.data.encoders.utils fairseq_cli mmcv.fileio mmcv.utils.config
    mmcv.runner.checkpoint mmcv.Config.fromfile mmengine.fileio mmengine.config mmengine.runner.checkpoint mmcv.load
    mmcv.dump detectron2.utils.env detectron2.config.lazy detectron2.checkpoint fvcore.common.file_io iopath
    fastai.basics.load_learner fastai.learner.load_learner fastai.data.external fastcore.xtras fastcore.parallel
    fastcore.net fastcore.all.run fastdownload ultralytics.utils.checks ultralytics.utils.downloads ultralytics.hub
    ultralytics.cfg.entrypoint nltk.data nltk.download nltk.internals nltk.app spacy.cli spacy.util.load_model
    spacy.load gensim.utils.unpickle gensim.downloader gensim.models.word2vec.Word2Vec.load gym.envs.registration.load
    gymnasium.envs.registration.load stable_baselines3.common.save_util stable_baselines.common.save_util skops.io
    bentoml.models nemo.core.connectors nemo.utils.cloud allennlp.models.archival allennlp.common.file_utils
    allennlp.commands flair.file_utils
    """

  // MARK: - Tools, servers and clients

  private static let services = """
    requests requests_futures urllib3 httpx httpcore aiohttp aiofiles httplib2 pycurl wget gdown tornado twisted flask
    werkzeug django bottle fastapi starlette uvicorn gunicorn gevent eventlet trio anyio websocket websockets zmq scapy
    paramiko asyncssh netmiko fabric fabric2 invoke invocations plumbum sh pbs envoy delegator pexpect ptyprocess
    wexpect winpty pywinpty docker kubernetes boto boto3 botocore s3fs s3transfer gcsfs google.cloud azure smart_open
    fsspec.open fsspec.core fsspec.implementations sqlalchemy MySQLdb pymysql psycopg2 psycopg redis pymongo kafka
    celery rq psutil pyautogui pynput pyperclip win32api win32com win32process win32file win32pipe pythoncom wmi
    comtypes pywintypes setuptools wheel pbr virtualenv tox nox conda poetry hatchling flit_core cmake ninja meson
    IPython ipykernel ipywidgets.embed jupyter_client jupyter_core nbconvert nbclient notebook ptpython bpython pytest
    _pytest nose nose2 py._process py._path pluggy hypothesis.extra coverage jinja2 mako chameleon genshi Cheetah
    tempita sphinx docutils black yapf pylint pyflakes jedi parso pycodestyle asteval simpleeval RestrictedPython
    execnet rpyc Pyro4 Pyro5 pyro watchdog supervisor ansible salt locust selenium playwright scrapy pwn pwntools git
    gitdb dulwich hglib pygit2 svn sshtunnel magic frida unicorn keyring getmac ifaddr future.moves future.backports
    past.builtins past.translation six.moves.builtins six.moves.urllib.request six.moves.urllib.robotparser
    """

  // MARK: - Rules of matching

  /// Under a listed module, and harmless: real checkpoints hold them.
  static let spared: Set<String> = [
    // Arrays of joblib's own format, which only its reader makes whole.
    "joblib.numpy_pickle.NumpyArrayWrapper", "joblib.numpy_pickle.NDArrayWrapper",
    "joblib.numpy_pickle_compat.NDArrayWrapper", "joblib.numpy_pickle_compat.ZNDArrayWrapper",
    // torch.compile(model), saved in whole; what its wrapper keeps.
    "torch._dynamo.eval_frame.OptimizedModule", "torch._guards.CompileId",
    // The sizes of a jagged tensor.
    "torch._dynamo.decorators._DimRange",
    "dill._dill._load_type", "sklearn.datasets.base.Bunch", "sklearn.datasets._base.Bunch",
    "torch.serialization._get_layout", "torch.jit._script.RecursiveScriptModule",
  ]

  /// Attributes through which everything can be reached.
  static let gateways = words(
    """
    __globals__ __builtins__ __builtin__ __subclasses__ __setattr__ __delattr__ __getattribute__ __getattr__
    __reduce__ __reduce_ex__ __dict__ __class__ __base__ __bases__ __mro__ mro __code__ __closure__ __func__ __self__
    __wrapped__ __loader__ __spec__ __import__ __init_subclass__ __set_name__ __get__ __set__ __delete__
    __annotations__ __defaults__ __kwdefaults__ __path__ __main__ f_globals f_locals f_builtins f_back gi_frame gi_code
    cr_frame cr_code ag_frame tb_frame tb_next co_code func_globals func_code func_closure im_func im_self im_class
    """)

  /// Functions that mean one thing wherever they were imported.
  static let functions = words(
    """
    Popen check_output check_call getoutput getstatusoutput execfile execl execle execlp execv execve execvp execvpe
    spawnl spawnle spawnlp spawnv spawnve spawnvp posix_spawn posix_spawnp fork_exec forkpty import_module
    import_from_string exec_module load_module create_dynamic load_dynamic load_source load_compiled run_module run_path
    urlopen urlretrieve unsafe_load unsafe_load_all full_load rmtree dlopen CDLL PyDLL WinDLL OleDLL
    read_pickle to_pickle from_pretrained FunctionType LambdaType CodeType _builtin_open bltn_open builtin_open
    """)

  /// Methods that open a file, a connection or a program, whatever class they are of.
  static let methods = words(
    """
    tofile fromfile from_file read_bytes read_text write_bytes write_text unlink touch symlink_to hardlink_to
    to_csv to_sql to_hdf to_parquet to_excel to_feather to_stata torch_load load_library system popen eval_file read_file read_module
    """)

  /// Folders of libraries inside a library.
  static let bundles = words("_vendor vendor vendored extern externals moves _internally_vendored")

  /// Names that modules are imported by.
  static let aliases: [String: String] = [
    "np": "numpy", "pd": "pandas", "osp": "os.path", "mp": "multiprocessing", "sp": "subprocess", "bltns": "builtins",
    "builtin": "builtins", "pkl": "pickle", "cpickle": "pickle", "dist": "torch.distributed", "th": "torch",
    "tf": "tensorflow", "bootstrap": "importlib._bootstrap", "bootstrap_external": "importlib._bootstrap_external",
    "pickle_module": "pickle", "urllib_request": "urllib.request", "jl": "joblib", "c10d": "torch.distributed",
  ]

  /// Listed packages whose names are also words: as the last of the attributes they are a class's or a method's.
  static let ordinaryWords = words(
    """
    invoke fabric sh resource readline glob select this commands compiler pipes turtle curses mmap magic git site sched trace
    profile cgi wave chunk new gettext marshal compression notebook black salt tox wheel
    unicorn coverage redis docker conda poetry ninja meson celery scapy future compact interpreters triton datasets
    visdom gradio evaluate orbax neptune distributed numba zstandard pip joblib yaml pathlib requests watchdog
    supervisor envoy bottle twisted keyring atexit crypt user code
    """)
}
