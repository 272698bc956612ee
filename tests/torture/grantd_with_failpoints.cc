// grantd, as it is but for a handler at its failpoints.
#include "grantd/daemon/command.h"
#include "tests/torture/failpoint_handler.h"

int main(int argc, char** argv) {
  grant::test::InstallFailpointHandler();
  return grant::daemon::Main(argc, argv);
}
