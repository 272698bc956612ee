// grantd: holds the token's PIN, decides who may sign, and signs.
#include "grantd/daemon/command.h"

int main(int argc, char** argv) {
  return grant::daemon::Main(argc, argv);
}
