for (const show of document.querySelectorAll(".show")) {
  const after = show.querySelector(".after"), bar = show.querySelector(".divide"), slider = show.querySelector("input[type=range]");
  const reveal = () => {
    const share = Number(slider.value);
    after.style.clipPath = `inset(0 0 0 ${share}%)`;
    bar.style.left = `${share}%`;
    slider.setAttribute("aria-valuetext", `before on the left ${share} percent of the picture`);
  };
  slider.addEventListener("input", reveal);
  for (const day of show.querySelectorAll("input[type=radio]"))
    day.addEventListener("change", () => {
      for (const image of after.querySelectorAll("img")) image.hidden = image.dataset.day !== day.value;
    });
  reveal();
}
