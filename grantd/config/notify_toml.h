// The [notify] table of grantd.toml.
#pragma once

#include "grant/error.h"
#include "grantd/config/toml_reader.h"
#include "grantd/notify/settings.h"

namespace grant {

Result<NotifySettings> ReadNotify(TomlTable table);

}  // namespace grant
