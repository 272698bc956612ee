#include "tools/grantctl/output.h"

#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

void PrintJson(Context& context, const Json& object) {
  context.around.out << SanitiseJson(object.dump(2)) << "\n";
}

void PrintName(Context& context, const Json& object, const char* name_key) {
  if (!object.contains(name_key)) return;
  context.around.out << Sanitise(Plain(object[name_key])) << "\n";
}

}  // namespace

void PrintObject(Context& context, const Json& object, const char* name_key,
                 const std::function<std::string()>& text) {
  if (context.format == Format::kJson) return PrintJson(context, object);
  if (context.format == Format::kName) return PrintName(context, object, name_key);
  context.around.out << text();
}

void PrintList(Context& context, const Json& list, const char* name_key, const std::string& things,
               const std::function<std::string()>& text) {
  if (context.format == Format::kJson) return PrintJson(context, list);
  const Json& items = List(list, "items");
  if (context.format == Format::kName) {
    for (const Json& item : items) PrintName(context, item, name_key);
  } else if (!items.empty()) {
    context.around.out << text() << std::flush;
  } else {
    Note(context, "no " + things);
  }
}

void Note(Context& context, const std::string& line) {
  context.around.err << Paint(Sanitise(line), Colour::kDim, context.ColourErr()) << std::endl;
}

void PrintFailure(std::ostream& err, const Failure& failure, bool colour) {
  err << Paint("grantctl:", Colour::kRed, colour) << " " << Sanitise(failure.message) << "\n";
  if (!failure.hint.empty()) {
    err << Paint("hint:", Colour::kBold, colour) << " " << Sanitise(failure.hint) << "\n";
  }
  err << std::flush;
}

}  // namespace grant::ctl
