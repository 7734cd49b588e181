/** What went wrong, in the user's language: the server's own sentence, or what stands for it. */

import { findingWords } from "./findings.js";
import { language, t } from "./words.js";

/** Chinese for the codes of the server's errors; in English its own sentence says more. */
const CODES = {
  not_audio: "这不是可以读取的音频，请使用 WAV、FLAC、MP3、OGG 或 AIFF。",
  bad_audio: "无法使用这段音频（{said}）",
  take_rejected: "无法使用这段录音（{said}）",
  take_not_found: "这段录音已不存在。",
  library_busy: "声音库正被另一个进程修改，请重试。",
  last_take: "这是最后一段录音；请改为删除这个声音。",
  too_many_takes: "最多 {n} 段录音，请先删除一段。",
  draft_not_found: "这次添加已不存在，请重新开始。",
  too_many_drafts: "正在添加的声音太多（{n} 个），请先完成或放弃一个。",
  sound_not_found: "这个声音已不存在。",
  pattern_not_found: "这个节奏已不存在。",
  event_not_found: "历史中没有这个事件。",
  history: "无法这样做（{said}）",
  no_audio: "这个事件没有保留录音。",
  encoder_mismatch: "此声音库由另一个编码器建立（{said}）",
  library: "无法读写声音库（{said}）",
  bad_archive: "这不是可以导入的文件（{said}）",
  bad_name: "这个名字不能使用（{said}）",
  bad_request: "请求无法处理（{said}）",
  unknown_label: "编码器不认识其中的标签（{said}）",
  not_installed: "服务器缺少所需的软件包（{said}）",
  encoder: "编码器无法使用（{said}）",
  source: "无法听取这个音源（{said}）",
  no_sources: "服务器自己没有在听；用 wakesound serve --source mic 启动，或先在“监听”中开启。",
  too_many_streams: "同时连接的客户端太多，请稍后再试。",
  busy: "服务器正忙，请稍后再试。",
  closing: "服务器正在关闭。",
  too_slow: "上传太慢，{n} 秒没有收到数据。",
  too_large: "文件太大，最多 {n} MB。",
  too_long: "录音太长，最多 {n} 秒，请截取需要的部分。",
  wrong_host: "没有令牌时只能通过 localhost 或 127.0.0.1 使用。",
  foreign_page: "此页面无权修改这里的内容。",
  commands_off: "这里只能设置 http、https、mqtt、mqtts；其他动作请写入配置文件，或用 --allow-commands 启动服务器。",
  environment_off: "这里不能引用环境变量；请写入配置文件，或用 --allow-commands 启动服务器。",
  too_many_hooks: "动作太多（{n} 个），请先删除一个。",
  hook_not_found: "这个动作已不存在或已被修改，请重新载入。",
  no_configuration: "此服务器没有可以保存动作的配置文件。",
  bad_hook: "这个动作无法使用（{said}）",
  configuration: "无法写入配置文件（{said}）",
  not_found: "服务器没有这个地址；页面与服务器的版本可能不同，请重新载入。",
  method_not_allowed: "服务器不支持这个操作；页面与服务器的版本可能不同，请重新载入。",
  fault: "服务器出现意外错误，详见其日志。",
  failed: "操作失败（{said}）",
};

/** Chinese for what the server says of a request; `{1}` is what the first group found. */
const SAID = [
  [/label (\d+) is empty/, "第 {1} 个标签是空的，是不是多了一个逗号？"],
  [/no labels are given/, "没有标签，请至少写一个。"],
  [/'(.+)' is the only label/, "只有“{1}”一个标签，无法比较；请再写一些它可能是什么，例如：狗叫, 说话, 音乐"],
  [/the label '(.+)' is there twice/, "标签“{1}”出现了两次，每个只写一次。"],
  [/label (\d+) .*has [\d,]+ characters/, "第 {1} 个标签太长；标签只需几个词。"],
  [/labels are too many/, "标签太多了。"],
  [/script that is not understood/, "标签请用中文或英文书写。"],
  [/the label '(.+)' has no words/, "标签“{1}”里没有文字。"],
  [/control character/, "标签里有不可见的控制字符。"],
  [/no text side/, "此服务器的编码器不懂文字，请用 --label-encoder mini 启动。"],
  [/no sound stands out.*at (-?\d+) dBFS/, "没有听到突出于背景（{1} dBFS）的声音，请更大声或靠近麦克风再录一次。"],
  [/the recording is silent/, "录音是静音，请检查麦克风。"],
  [/the recording is (\d+) s long/, "录音长达 {1} 秒，请只截取声音本身。"],
  [/the file is empty/, "文件是空的（0 字节），请重新录制或复制。"],
  [/there is no audio in it/, "文件里没有声音，请重新录制。"],
  [/damaged or cut off after ([\d.]+) s/, "文件在 {1} 秒之后损坏或被截断，请重新录制或复制。"],
  [/audio cannot be read here/, "无法读取这种音频，请先转换为 WAV、FLAC、MP3 或 OGG。"],
  [/not audio that can be read|cannot be right|float samples|channels are too many/, "这不是可以读取的音频，请使用 WAV、FLAC、MP3、OGG 或 AIFF。"],
  [/a name needs a letter or digit and at most (\d+)/, "名字至少要有一个字母、汉字或数字，最多 {1} 个字符。"],
  [/a name cannot hold/, "名字里有不能使用的字符。"],
  [/was said of .* before|is a take of .* already/, "这一条之前已经说过，没有改变。"],
  [/has no other take left/, "这是唯一的录音；请改为删除这个声音。"],
  [/there is no take of/, "还没有可用的录音。"],
  [/no end after|did not answer within ([\d.]+) s/, "没有及时回应。"],
  [/cannot be reached/, "无法连接到对方。"],
  [/answered (\d+)/, "对方返回了 {1}。"],
  [/names no host/, "地址里没有主机名，例如 https://example.org/hook"],
  [/is not a web address|is no action/, "这不是有效的地址。"],
  [/needs a topic|no topic|topic/i, "MQTT 地址需要主题，例如 mqtt://主机/主题"],
  [/needs a template/, "此消息格式不支持文字。"],
];

/**
 * @param {any} error of a request, or any other
 * @returns {string}
 */
export function problemWords(error) {
  if (error?.findings?.length) return error.findings.map(findingWords).join("; ");
  const said = String(error?.message ?? error);
  const known = t(`problem.${error?.code}`);
  if (known !== `problem.${error?.code}`) return known;
  if (language() === "en") return said;
  const general = /** @type {Record<string, string>} */ (CODES)[error?.code];
  return chinese(said) ?? (general ? filled(general, said) : said);
}

/**
 * What the server said of something, in Chinese if it is known.
 * @param {string} said
 */
export function saidWords(said) {
  return language() === "en" ? said : (chinese(said) ?? said);
}

/** @param {string} said */
function chinese(said) {
  for (const [pattern, words] of /** @type {[RegExp, string][]} */ (SAID)) {
    const found = pattern.exec(said);
    if (found) return words.replace("{1}", found[1] ?? "");
  }
  return null;
}

/**
 * The general words for a code, with the number and the server's own sentence where they have room.
 * @param {string} words
 * @param {string} said
 */
function filled(words, said) {
  return words.replace("{n}", /\d[\d.,]*/.exec(said)?.[0] ?? "").replace("{said}", said);
}
