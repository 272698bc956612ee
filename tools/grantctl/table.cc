#include "tools/grantctl/table.h"

#include <algorithm>

namespace grant::ctl {
namespace {

// Pads by columns seen, which neither colour nor UTF-8 bytes count towards.
void Append(std::string& line, const std::string& text, size_t width, Colour colour, bool enabled) {
  line += Paint(text, colour, enabled);
  line.append(width - std::min(width, Columns(text)), ' ');
}

void TrimRight(std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  size_t start = 0;
  while (true) {
    const size_t end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return lines;
    start = end + 1;
  }
}

}  // namespace

std::string Table::Render(bool colour) const {
  std::vector<std::vector<Cell>> rows;
  rows.emplace_back();
  for (const std::string& heading : headings_) rows[0].push_back({heading, Colour::kBold});
  rows.insert(rows.end(), rows_.begin(), rows_.end());

  std::vector<size_t> widths(headings_.size(), 0);
  for (std::vector<Cell>& row : rows) {
    row.resize(headings_.size());
    for (size_t i = 0; i < row.size(); ++i) {
      row[i].text = row[i].text.empty() ? "-" : Sanitise(row[i].text);
      if (row[i].columns_max > 0) row[i].text = Truncate(row[i].text, row[i].columns_max);
      widths[i] = std::max(widths[i], Columns(row[i].text));
    }
  }

  std::string out;
  for (const std::vector<Cell>& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      Append(line, row[i].text, widths[i] + 2, row[i].colour, colour);
    }
    TrimRight(line);
    out += line + "\n";
  }
  return out;
}

std::string Block::Render(bool colour) const {
  size_t width = 0;
  for (const Line& line : lines_) {
    if (!line.value.empty()) width = std::max(width, Columns(line.label));
  }
  std::string out;
  for (const Line& line : lines_) {
    if (line.value.empty()) continue;
    std::string label = line.label;
    for (const std::string& value : Lines(line.value)) {
      std::string text(indent_, ' ');
      Append(text, label, width + 2, Colour::kDim, colour);
      if (line.marked && label.empty()) text += Paint("| ", Colour::kDim, colour);
      text += Paint(Sanitise(value), line.colour, colour);
      TrimRight(text);
      out += text + "\n";
      label.clear();
    }
  }
  return out;
}

std::string Indent(const std::string& text, size_t columns) {
  std::string out;
  for (const std::string& line : Lines(text)) {
    if (!line.empty()) out += std::string(columns, ' ') + line + "\n";
  }
  return out;
}

}  // namespace grant::ctl
