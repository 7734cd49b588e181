/** Every text of the page: English, Chinese. */

/** @type {Record<string, [string, string]>} */
const WORDS = {
  "app.tagline": ["wake a device with your own sound", "用你自己的声音唤醒设备"],
  "app.skip": ["Skip to the content", "跳到内容"],
  "app.views": ["Views", "页面"],
  "app.language": ["中文", "English"],
  "app.language.label": ["Show this page in Chinese", "用英文显示此页"],
  "app.theme": ["Light or dark", "浅色或深色"],
  "app.lost": ["No connection to the server. Trying again…", "与服务器的连接已断开，正在重试…"],
  "app.loading": ["The server is still loading its encoder…", "服务器仍在加载编码器…"],
  "app.failed": ["The server could not load its sounds; its log says why.", "服务器无法加载声音，原因见其日志。"],
  offline: ["The server does not answer. Is it still running?", "服务器没有回应。它还在运行吗？"],
  cancel: ["Cancel", "取消"],
  close: ["Close", "关闭"],
  delete: ["Delete", "删除"],
  play: ["Play", "播放"],
  save: ["Save", "保存"],
  undo: ["Undo", "撤销"],
  level: ["Level", "音量"],
  clipped: ["too loud", "过载"],
  threshold: ["threshold", "阈值"],
  "score.of": ["Score of {name}", "{name} 的得分"],
  spectrogram: ["Spectrogram of {name}", "{name} 的频谱图"],
  "spectrogram.live": ["Spectrogram of the last 15 seconds", "最近 15 秒的频谱图"],
  "token.title": ["This server needs a token", "此服务器需要令牌"],
  "token.why": ["It is the one that the server was started with. It is kept until this tab is closed.", "即启动服务器时使用的令牌，关闭此标签页后即忘记。"],
  "token.wrong": ["That token is wrong. Please try again.", "令牌不正确，请重试。"],
  "token.label": ["Token", "令牌"],
  "token.use": ["Use it", "使用"],
  "mic.insecure": ["Browsers give the microphone only to pages from this machine (http://localhost) or with HTTPS. Upload recordings instead.", "浏览器只允许本机页面（http://localhost）或 HTTPS 页面使用麦克风。请改为上传录音。"],
  "mic.refused": ["The browser refused the microphone. Allow it for this page in the address bar and try again.", "浏览器拒绝了麦克风。请在地址栏中允许本页使用后重试。"],
  "mic.none": ["There is no microphone that can be opened. Plug one in and try again.", "没有可用的麦克风。请接上后重试。"],
  "mic.lost": ["The microphone is gone: it was unplugged, or something else took it. Plug it in and start again.", "麦克风丢失：可能被拔出或被占用。请重新接上后再开始。"],
  "problem.sound_exists": ["There is a sound of that name already. Choose another name, or tick “Redo”.", "已有同名的声音。请换个名字，或勾选“重新录制”。"],
  "problem.loading": ["The server is still loading. Try again in a moment.", "服务器仍在加载，请稍后再试。"],
  "problem.no_history": ["This server was started with --no-history: it remembers nothing of what it heard.", "此服务器以 --no-history 启动，不记录听到的内容。"],

  "listen.title": ["Listen", "聆听"],
  "listen.browser": ["Listen with this browser's microphone", "用此浏览器的麦克风聆听"],
  "listen.connecting": ["Connecting…", "正在连接…"],
  "listen.stop": ["Stop this browser's microphone", "停止此浏览器的麦克风"],
  "listen.server": ["The server hears {names}", "服务器正在听 {names}"],
  "listen.server.off": ["The server's microphone is off", "服务器的麦克风已关闭"],
  "listen.server.none": ["The server has no microphone of its own (wakesound serve --listen mic gives it one).", "服务器没有自己的麦克风（用 wakesound serve --listen mic 启动即可）。"],
  "listen.server.start": ["Start the server's", "开启服务器的麦克风"],
  "listen.server.stop": ["Stop the server's", "停止服务器的麦克风"],
  "listen.mute": ["Mute for 30 s", "静音 30 秒"],
  "listen.unmute": ["End the mute", "结束静音"],
  "listen.muted": ["Muted for {n} s more", "静音还剩 {n} 秒"],
  "listen.scores": ["Sounds", "声音"],
  "listen.no_sounds": ["There are no sounds yet.", "还没有声音。"],
  "listen.enroll": ["Enroll the first one", "录制第一个"],
  "listen.heard": ["Heard", "听到的"],
  "listen.nothing": ["Nothing yet. Make one of your sounds.", "还没有。发出一个你的声音试试。"],
  "listen.all": ["All", "全部"],
  "listen.wakes": ["Wakes", "唤醒"],
  "listen.nears": ["Near misses", "险些唤醒"],
  "listen.filter": ["Which are shown", "显示哪些"],
  "card.wake": ["wake", "唤醒"],
  "card.near": ["near miss", "险些唤醒"],
  "card.false": ["Not that!", "不是它！"],
  "card.right": ["Yes", "对"],
  "card.that": ["That was it", "就是它"],
  "card.no_audio": ["No audio was kept (serve --keep-audio does).", "未保留录音（serve --keep-audio 可保留）。"],
  "card.said.false": ["You said: not that.", "你说：不是它。"],
  "card.said.right": ["You said: that was it.", "你说：就是它。"],
  "card.fitted": ["Learned. The threshold of {sound} went from {before} to {after}; {rejected} examples of what it is not.", "已学习。{sound} 的阈值由 {before} 变为 {after}；反例 {rejected} 个。"],
  "card.fitted.right": ["Learned. {sound} now has {takes} takes.", "已学习。{sound} 现有 {takes} 段录音。"],
  "card.undone": ["Taken back. The threshold of {sound} is {after} again.", "已撤销。{sound} 的阈值恢复为 {after}。"],
  "card.writing": ["It is still being written down…", "正在记录…"],

  "enroll.title": ["Enroll", "录制"],
  "enroll.name": ["Name of the sound", "声音的名字"],
  "enroll.name.hint": ["for example: whistle, double clap, doorbell", "例如：口哨、双击掌、门铃"],
  "enroll.redo": ["Redo a sound of that name", "重新录制同名的声音"],
  "enroll.begin": ["Begin", "开始"],
  "enroll.drop": ["Give up", "放弃"],
  "enroll.drop.sure": ["Give up “{name}” and forget its takes?", "放弃“{name}”并丢弃其录音？"],
  "enroll.gone": ["That enrollment is not there any more; begin again.", "该录制已不存在，请重新开始。"],
  "enroll.of": ["Enrolling “{name}”", "正在录制“{name}”"],
  "enroll.takes": ["1. Three takes or more", "1. 至少三段录音"],
  "enroll.takes.hint": ["Press, make the sound once, and wait: it records for three seconds. The part between the lines is used.", "按下后发出一次声音并等待：录音三秒。竖线之间的部分会被使用。"],
  "enroll.record": ["Record a take", "录一段"],
  "enroll.recording": ["Recording…", "正在录音…"],
  "enroll.upload": ["Upload recordings", "上传录音"],
  "enroll.again": ["Record again", "重录"],
  "enroll.few": ["{n} more would make it reliable.", "再录 {n} 段会更可靠。"],
  "enroll.enough": ["Enough to try it.", "可以试一试了。"],
  "enroll.refused": ["This take was not used: {why}", "这段录音未被采用：{why}"],
  "enroll.wave": ["Waveform of {name}; the sound is from {start} s to {end} s", "{name} 的波形；声音位于 {start} 秒到 {end} 秒"],
  "enroll.take": ["Take {n}", "第 {n} 段"],
  "enroll.likeness": ["likeness {n}", "相似度 {n}"],
  "enroll.try": ["2. Try it now", "2. 现在试一试"],
  "enroll.try.hint": ["Make the sound: the bar should pass the line. Talk or clap: it should not.", "发出声音：条形应越过竖线；说话或拍手则不应。"],
  "enroll.try.start": ["Try it", "试一试"],
  "enroll.try.stop": ["Stop trying", "停止"],
  "enroll.try.listening": ["Listening…", "正在听…"],
  "enroll.try.woke": ["It woke {n} times.", "唤醒了 {n} 次。"],
  "enroll.budget": ["3. How strict?", "3. 多严格？"],
  "enroll.budget.label": ["False wakes that you can bear", "可以接受的误唤醒"],
  "enroll.budget.few": ["hardly any", "几乎没有"],
  "enroll.budget.many": ["some, but none missed", "可以有，但不漏听"],
  "enroll.expect": ["about {n} false wakes a day", "每天约 {n} 次误唤醒"],
  "enroll.expect.none": ["less than one false wake in ten days", "十天不到一次误唤醒"],
  "enroll.expect.unknown": ["how many false wakes is not known", "误唤醒次数未知"],
  "enroll.expect.miss": ["{n}% of the takes would be missed", "会漏掉 {n}% 的录音"],
  "enroll.pattern": ["4. When does it wake?", "4. 何时唤醒？"],
  "enroll.pattern.label": ["Wakes on", "唤醒条件"],
  "enroll.pattern.1": ["each time", "每一次"],
  "enroll.pattern.n": ["exactly {n} in a row", "恰好连续 {n} 次"],
  "enroll.finish": ["Enroll it", "完成录制"],
  "enroll.force": ["Enroll it all the same", "仍然录制"],
  "enroll.done": ["“{name}” is enrolled. Make the sound, and watch.", "“{name}”已录制。发出声音看看。"],
  "finding.none": ["good", "良好"],
  "finding.short": ["too short", "太短，请保留更长的声音"],
  "finding.long": ["too long", "太长，较短的声音更容易识别"],
  "finding.quiet": ["too quiet", "太小声，请更大声或靠近麦克风"],
  "finding.noisy": ["too much background", "背景噪声太大，请靠近麦克风或换个安静的房间"],
  "finding.clipped": ["clipped", "过载失真，请调低麦克风或离远一些"],
  "finding.quieter": ["quieter than the others", "比其他录音小声很多，请靠近麦克风重录"],
  "finding.unlike": ["unlike the others", "与其他录音不像，请删除或重录"],
  "finding.too_like": ["too like another sound", "与另一个已录制的声音太像，请换一个声音"],

  "sounds.title": ["Sounds", "声音"],
  "sounds.none": ["There are no sounds yet.", "还没有声音。"],
  "sounds.facts": ["{takes} takes · {rejected} examples of what it is not · {date}", "{takes} 段录音 · {rejected} 个反例 · {date}"],
  "sounds.threshold": ["Threshold; higher is stricter", "阈值，越高越严格"],
  "sounds.rename": ["Name", "名字"],
  "sounds.takes": ["Takes", "录音"],
  "sounds.patterns": ["Patterns", "节奏"],
  "sounds.pattern.add": ["Add", "添加"],
  "sounds.pattern.any": ["It wakes each time it is heard.", "每次听到都会唤醒。"],
  "sounds.hooks": ["What happens", "触发动作"],
  "sounds.hook": ["{action}: called {called} times, failed {failed}", "{action}：调用 {called} 次，失败 {failed} 次"],
  "sounds.history": ["History", "历史"],
  "sounds.export": ["Export", "导出"],
  "sounds.import": ["Import a file", "导入文件"],
  "sounds.import.replace": ["Redo sounds of the same names", "替换同名的声音"],
  "sounds.imported": ["Imported: {names}", "已导入：{names}"],
  "sounds.delete.sure": ["Delete “{name}” and its recordings?", "删除“{name}”及其录音？"],
  "sounds.problems": ["These cannot be read", "以下无法读取"],
  "sounds.details": ["Details of {name}", "{name} 的详情"],
  "sounds.saved": ["Saved. All who listen hear by it within a second.", "已保存，一秒内生效。"],

  "classify.title": ["Classify", "分类"],
  "classify.intro": ["What does a recording sound like? Nothing has to be enrolled; the labels are words, in English or Chinese.", "一段录音听起来像什么？无需录制，标签用中文或英文书写。"],
  "classify.labels": ["Labels, with commas between them", "标签，用逗号分隔"],
  "classify.example": ["dog barking, whistling, glass breaking", "狗叫, 口哨, 玻璃破碎"],
  "classify.file": ["A recording: WAV, FLAC, MP3, OGG", "录音文件：WAV、FLAC、MP3、OGG"],
  "classify.record": ["Record five seconds", "录制五秒"],
  "classify.closed": ["It must be one of the labels", "必定是其中之一"],
  "classify.go": ["Classify", "分类"],
  "classify.no_audio": ["Choose a file or record something first.", "请先选择文件或录音。"],
  "classify.chosen": ["{name}", "{name}"],
  "classify.result": ["Scores", "得分"],
  "classify.none": ["none of these", "都不是"],
  "classify.nearest": ["nearest: {label}", "最接近：{label}"],
  "classify.read": ["read as “{text}”", "理解为“{text}”"],
  "classify.timeline": ["Over time", "随时间变化"],
  "classify.row": ["{label}: best {score} at {time} s", "{label}：最高 {score}，在 {time} 秒"],
  "classify.hints": ["Hints", "提示"],
  "classify.hints.none": ["The labels are good.", "标签没有问题。"],
  "classify.better": ["Use “{labels}”", "改用“{labels}”"],
  "classify.words": ["This server's encoder knows no words; start it with --label-encoder mini.", "此服务器的编码器不懂文字，请用 --label-encoder mini 启动。"],

  "remark.unknown": ["the encoder does not know it", "编码器不认识它"],
  "remark.few": ["with few labels, what is neither still has to go somewhere", "标签太少，其他声音也会被归入其中"],
  "remark.many": ["with many labels, each gets little", "标签太多，每个得分都会很低"],
  "remark.verb": ["say what is heard, as a noun", "请用名词描述听到的声音"],
  "remark.bare": ["name the sound, not the thing", "请描述声音，而不是物体"],
  "remark.vague": ["it is vague", "含义模糊"],
  "remark.same": ["they mean the same", "含义相同"],
  "remark.alike": ["they are nearly the same to the encoder", "对编码器而言几乎相同"],
  "remark.family": ["they resemble each other; a third one makes both sharper", "它们相近，再加一个会更清晰"],

  "monitor.title": ["Monitor", "监视"],
  "monitor.intro": ["Watch for sounds by words, with this browser's microphone: two seconds at a time.", "用此浏览器的麦克风按文字监视声音，每次两秒。"],
  "monitor.threshold": ["Alert from", "警报起点"],
  "monitor.start": ["Start", "开始"],
  "monitor.stop": ["Stop", "停止"],
  "monitor.timeline": ["The last two minutes", "最近两分钟"],
  "monitor.alerts": ["Alerts", "警报"],
  "monitor.quiet": ["None yet.", "还没有。"],
  "monitor.alert": ["{label} ({score})", "{label}（{score}）"],
};

const KEY = "wakesound.language";

/** @returns {"en" | "zh"} as chosen, or as the browser prefers */
export function language() {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "en" || chosen === "zh") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Choose the other one. */
export function switchLanguage() {
  localStorage.setItem(KEY, language() === "en" ? "zh" : "en");
}

/**
 * A text in the user's language; the key itself where there is none.
 * @param {string} key
 * @param {Record<string, string | number>} [values] for what is in braces
 */
export function t(key, values = {}) {
  const text = WORDS[key]?.[language() === "zh" ? 1 : 0] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

/** @param {string | Date} time */
export function timeWords(time) {
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
  const place = language() === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(place, /** @type {any} */ (style)).format(date);
}
