for (const show of document.querySelectorAll(".series")) {
  const images = [...show.querySelectorAll(".blend img")], slider = show.querySelector("input[type=range]");
  const [under, over] = show.querySelectorAll("select"), said = show.querySelector("output");
  const draw = () => {
    const share = Number(slider.value), [a, b] = [under.value, over.value];
    for (const image of images) {
      image.hidden = image.dataset.day !== a && image.dataset.day !== b;
      image.style.opacity = image.dataset.day === b ? (a === b ? 1 : share / 100) : 1;
      image.style.zIndex = image.dataset.day === b ? 2 : 1;
    }
    said.textContent = `day ${a} ${100 - share} %, day ${b} ${share} %`;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  for (const part of [under, over, slider]) part.addEventListener("input", draw);
  show.querySelector("button").addEventListener("click", () => {
    [under.value, over.value] = [over.value, under.value];
    draw();
  });
  draw();
}
