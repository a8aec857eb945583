// TensorFlow's library greets on the standard error stream while it is being loaded, before any log level applies. This
// addon loads it first, with that stream turned aside; the binding, loaded next, finds the library in the process.
// What fails here fails again, and is reported, when the binding is loaded.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <string>

static void LoadQuietly(const std::string& library) {
  const int standard_error = dup(STDERR_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (standard_error >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (standard_error >= 0) {
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
  }
  if (nowhere >= 0) close(nowhere);
}

static napi_value Init(napi_env env, napi_value exports) {
  // The library lies in `tensorflow` beside this file.
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&Init), &self) != 0 && self.dli_fname != nullptr) {
    const std::string file(self.dli_fname);
    LoadQuietly(file.substr(0, file.rfind('/')) + "/tensorflow/libtensorflow_cc.so.2");
  }
  return exports;
}

NAPI_MODULE(pathlight_quiet_start, Init)
